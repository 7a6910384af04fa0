"""Each architecture takes every strategy that its signals allow, and refuses the others by name before any training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import querist
from architectures import ARCHITECTURES, SIZE, Ready
from querist.core.errors import ArgumentError, QueristError
from querist.core.signals import COST, GRAPH, GROUP, LABELS, PROBS, TARGETS, Needs, Signal, View
from querist.core.types import FitReport, ItemId, Labels
from querist.data.schema import MultiLabel, Number, SingleLabel
from querist.strategies.algebra import Filter, as_strategy
from querist.testing.strategies import examples


class FittedOnce:
    """A learner whose first training stands for all: every session of a sweep begins with the same labels.

    What it tells of all items is computed once, too.
    """

    def __init__(self, learner: Any) -> None:
        self.inner, self.provides = learner, learner.provides
        self.plugins, self.capabilities = learner.plugins, learner.capabilities
        self.untrained: frozenset[Signal] = getattr(learner, "untrained", frozenset())
        self.report: FitReport | None = None
        self.rows: list[int] = []
        self.told: dict[Signal, Any] = {}
        self.fits = 0

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.inner, name)

    def fit(self, labels: Labels, *, seed: int, previous: Path | None = None) -> FitReport:
        self.fits += 1
        rows = sorted(self.inner.source.rows_of(labels.items).tolist())
        if self.report is None:
            self.report, self.rows = self.inner.fit(labels, seed=seed), rows
        assert rows == self.rows
        return self.report

    def signals(self, items: list[ItemId], names: frozenset[Signal]) -> View:
        for name in names - self.told.keys():
            self.told[name] = self.inner.signals(self.inner.source.items(), frozenset({name}))[name]
        rows = self.inner.source.rows_of(items)
        return View(len(rows), {name: taken(self.told[name], rows) for name in names})

    def save(self, folder: Path) -> None:
        self.inner.save(folder)

    def load(self, folder: Path) -> None:
        self.inner.load(folder)


def taken(value: Any, rows: Any) -> Any:
    """Rows of a signal."""
    return tuple(part[rows] for part in value) if isinstance(value, tuple) else value[rows]


PARTS = {n: (p | as_strategy("random")) if isinstance(p, Filter) else as_strategy(p) for n, p in examples()}
"""Every registered score, selector, filter and strategy as a strategy."""
CLASSES = {"random", "margin", "k_center", "badge", "auto"}
BAYES = CLASSES | {"bald", "batch_bald", "epig"}
ALL = BAYES | {"learning_loss", "vaal", "waal", "consistency", "noise_stability", "tod", "adversarial_margin"}
NUMBERS = {"random", "pred_variance", "bald_regression", "epig_regression", "deimos", "igs", "gsx", "emcm"}
GRAPHS = {"age", "feat_prop", "graph_part", "grain", "page_rank"}
SPANS = {"auto", "mnlp", "token_entropy", "sequence_margin", "sequence_entropy", "bald", "k_center", "per_token"}
SOME: dict[str, set[str]] = {
    "scikit-learn, classes": BAYES,
    "scikit-learn, numbers": {"random", "pred_variance", "igs", "gsx", "emcm"},
    "skorch": CLASSES,
    "MLP, classes": ALL,
    "MLP, numbers": NUMBERS,
    "MLP, several labels": {"random", "mmc", "cvirs", "binary_minimum", "label_cardinality", "k_center", "auto"},
    "Gaussian process": NUMBERS,
    "small CNN": ALL,
    "ResNet-18": BAYES,
    "GRU": BAYES,
    "encoder, frozen": BAYES | {"learning_loss", "noise_stability", "tod"},
    "encoder, LoRA": BAYES,
    "encoder, full": BAYES,
    "SGC": CLASSES | GRAPHS,
    "APPNP": BAYES | GRAPHS,
    "GCN": BAYES | GRAPHS,
    "GraphSAGE": BAYES | GRAPHS,
    "GAT": BAYES | GRAPHS,
    "window CRF": SPANS,
    "BiLSTM-CRF": SPANS,
}
"""Strategies that each architecture must be able to serve, so that a rule that refuses too much is seen."""


def test_every_architecture_is_held_to_some() -> None:
    assert SOME.keys() == ARCHITECTURES.keys()
    assert {part for parts in SOME.values() for part in parts} <= PARTS.keys()


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_it_serves_what_its_signals_allow_and_refuses_the_rest(name: str, tmp_path: Path) -> None:
    ready = ARCHITECTURES[name](tmp_path)
    learner = FittedOnce(ready.learner)
    ids = list(ready.source.ids)
    first, reference = ids[:12], ids[-6:]
    more: dict[str, Any] = {
        "cost": np.linspace(1, 2, SIZE),
        "group": np.arange(SIZE) % 5,
        "reference": reference,
        **ready.more,
    }
    given = learner.provides | {COST, GROUP} | ({GRAPH} if "graph" in ready.more else set())
    served, faults = set(), []
    for part, strategy in PARTS.items():
        before = learner.fits
        try:
            session = querist.Session(ready.source, learner, strategy=strategy, labels=ready.schema, **more)
        except ArgumentError as error:
            if error.code != "NeedsCapability" or str(strategy) not in str(error) or learner.fits != before:
                faults.append(f"{part}: refused without its name: {error}")
            if allowed(strategy.needs, given, learner, ready):
                faults.append(f"{part}: refused, though its signals are there: {error}")
            continue
        if not allowed(strategy.needs, given, learner, ready):
            faults.append(f"{part}: not refused")
        try:
            session.tell(session.ask(items=first), {item: ready.truth[item] for item in first})
            session.fit()
            chosen = session.ask(3).items
        except QueristError as error:
            if (
                part != "dedup" or error.code != "NothingAvailable"
            ):  # the features of a tiny encoder are nearly all alike
                faults.append(f"{part}: {error}")
            continue
        if len(set(chosen)) != 3 or set(chosen) & {*first, *reference}:
            faults.append(f"{part}: chose {chosen}")
        served.add(part)
    assert not faults, "\n".join(faults)
    assert SOME[name] <= served
    assert len(served) < len(PARTS), "nothing serves all of them"


def allowed(needs: Needs, given: frozenset[Signal], learner: FittedOnce, ready: Ready) -> bool:
    """The rule once more: signals, plug-in, abilities, the kind of answer."""
    signals = (needs.pool | needs.labelled | needs.reference) - {LABELS, TARGETS}
    if not signals <= given or not needs.capabilities <= learner.capabilities or needs.reference & {LABELS, TARGETS}:
        return False
    if needs.plugin and needs.plugin not in learner.plugins and not needs.pool:
        return False
    kinds: dict[type[Any], str] = {SingleLabel: "class", MultiLabel: "labels", Number: "number"}
    kind = kinds.get(type(ready.schema), "spans")
    if kind in needs.unfit or (kind == "labels" and PROBS in signals):
        return False
    return kind == "class" or LABELS not in needs.labelled
