"""Every setting of a recipe, at every learner that takes one: it changes what comes out, or it is refused by name."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import querist.training.fitting
from querist.assembly.learners import LEARNERS
from querist.core.errors import ArgumentError, ResourceError
from querist.core.types import FitReport, Labels
from querist.data.arrays import array_source
from querist.data.schema import SingleLabel
from querist.models.mlp import MLP
from querist.training.graph_learner import GraphLearner
from querist.training.honoured import EVERYWHERE, refuse_others
from querist.training.recipe import Recipe
from querist.training.tagger import TaggerLearner
from querist.training.torch_learner import TorchLearner
from rings import blocks
from tagged import SCHEMA, sentences

THREE = SingleLabel(("a", "b", "c"))
BASE = Recipe(epochs=3, lr=0.02)

Made = tuple[Any, Labels]


def network(recipe: Recipe) -> Made:
    draw = np.random.default_rng(0)
    y = np.array([0] * 15 + [1] * 6 + [2] * 4)  # uneven, so that balancing shows
    source = array_source((draw.normal(size=(25, 6)) + y[:, None]).astype(np.float32))
    make: Callable[[], Any] = lambda: MLP(6, 3, hidden=(8,))  # noqa: E731
    return TorchLearner(make, source, THREE, recipe=recipe, device="cpu"), Labels(source.items(np.arange(25)), y)


def graph(recipe: Recipe) -> Made:
    source, y = blocks()
    rows = np.concatenate([np.flatnonzero(y == 0)[:8], np.flatnonzero(y == 1)[:4], np.flatnonzero(y == 2)[:3]])
    return GraphLearner("sgc", source, THREE, recipe=recipe, device="cpu"), Labels(source.items(rows), y[rows])


def tagger(recipe: Recipe) -> Made:
    source, rows = sentences(), np.arange(25)
    schema = SCHEMA.of(source)
    assert source.truth is not None
    tags = schema.stack([schema.encode(source.truth[k], source.ids[k]) for k in range(25)])
    made = TaggerLearner(source, SCHEMA, network="window_crf", buckets=1 << 9, width=8, recipe=recipe, device="cpu")
    return made, Labels(source.items(rows), tags)


LEARNERS_WITH_RECIPE: dict[str, Callable[[Recipe], Made]] = {"network": network, "graph": graph, "tagger": tagger}

WARM = {"warm_start": True}
CHANGED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "optimizer": ({}, {"optimizer": "sgd"}),
    "lr": ({}, {"lr": 0.05}),
    "weight_decay": ({}, {"weight_decay": 0.1}),
    "epochs": ({}, {"epochs": 4}),
    "batch_size": ({}, {"batch_size": 8}),
    "drop_last": ({"batch_size": 16}, {"drop_last": True}),
    "schedule": ({}, {"schedule": "cosine"}),
    "patience": ({"epochs": 40, "lr": 0.3}, {"patience": 1}),
    "validation": ({"patience": 3}, {"validation": 0.4}),
    "min_steps": ({}, {"min_steps": 50}),
    "grad_clip": ({"optimizer": "sgd"}, {"grad_clip": 1e-3}),
    "label_smoothing": ({}, {"label_smoothing": 0.2}),
    "warm_start": ({}, WARM),
    "shrink": (WARM, {"shrink": 0.5}),
    "perturb": (WARM, {"perturb": 0.5}),
    "class_weights": ({}, {"class_weights": "balanced"}),
    "sampling": ({}, {"sampling": "balanced"}),
    "backbone_lr": ({}, {"backbone_lr": 0.1}),
    "warmup": ({}, {"warmup": 0.5}),
    "accumulate": ({"batch_size": 8}, {"accumulate": 2}),
    "precision": ({}, {"precision": "bfloat16"}),
}
"""A setting to the settings that it needs beside it, and to a value that is not its default."""

ELSEWHERE = {"processes", "threads", "cpu_fallback"}
"""Settings that change no weight; each has a test of its own below."""

REFUSED = {
    "network": set[str](),
    "graph": {"batch_size", "drop_last", "accumulate", "sampling", "precision", "processes", "backbone_lr"},
    "tagger": {"label_smoothing", "class_weights", "sampling", "precision", "processes", "backbone_lr"},
}


def fitted(name: str, recipe: Recipe, previous: Path | None = None) -> FitReport:
    learner, labels = LEARNERS_WITH_RECIPE[name](recipe)
    report: FitReport = learner.fit(labels, seed=3, previous=previous)
    return report


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder a learner with the weights of an earlier round."""
    out = {}
    for name, make in LEARNERS_WITH_RECIPE.items():
        learner, labels = make(BASE)
        learner.fit(labels, seed=1)
        out[name] = tmp_path_factory.mktemp(name)
        learner.save(out[name])
    return out


def test_no_setting_is_left_out() -> None:
    assert set(CHANGED) | ELSEWHERE == set(Recipe.names())
    for name, (beside, change) in CHANGED.items():
        assert getattr(replace(BASE, **beside, **change), name) != Recipe.__dataclass_fields__[name].default, name


@pytest.mark.parametrize("setting", sorted(CHANGED))
@pytest.mark.parametrize("name", sorted(LEARNERS_WITH_RECIPE))
def test_a_setting_changes_the_model_or_is_refused_by_name(name: str, setting: str, saved: dict[str, Path]) -> None:
    beside, change = CHANGED[setting]
    if setting in REFUSED[name]:
        with pytest.raises(ArgumentError, match=f"^{setting}=.* means nothing to a .*; leave it at") as caught:
            LEARNERS_WITH_RECIPE[name](replace(BASE, **change))
        assert caught.value.code == "BadValue"
        return
    plain = replace(BASE, **beside)
    assert fitted(name, plain, saved[name]).model == fitted(name, plain, saved[name]).model
    assert fitted(name, replace(plain, **change), saved[name]).model != fitted(name, plain, saved[name]).model


@pytest.mark.parametrize("name", sorted(LEARNERS_WITH_RECIPE))
def test_processes_are_used_or_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []

    def train(module: Any, run: Any, device: Any) -> list[str]:
        used.append(run.recipe.processes)
        return []

    monkeypatch.setattr(querist.training.fitting, "train_on_several", train)
    if "processes" in REFUSED[name]:
        with pytest.raises(ArgumentError, match=r"^processes=3 means nothing to a "):
            LEARNERS_WITH_RECIPE[name](replace(BASE, processes=3))
    else:
        fitted(name, replace(BASE, processes=3))
        assert used == [3]


@pytest.mark.parametrize("name", sorted(LEARNERS_WITH_RECIPE))
def test_threads_are_those_of_the_fit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    learner, labels = LEARNERS_WITH_RECIPE[name](replace(BASE, threads=2))
    backward: Any = torch.Tensor.backward

    def watched(self: Any, *more: Any, **keys: Any) -> None:
        seen.append(torch.get_num_threads())
        backward(self, *more, **keys)

    monkeypatch.setattr(torch.Tensor, "backward", watched)
    learner.fit(labels, seed=0)
    assert set(seen) == {2}


@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.parametrize("name", sorted(LEARNERS_WITH_RECIPE))
def test_the_processor_takes_over_where_it_is_allowed(
    name: str, allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner, labels = LEARNERS_WITH_RECIPE[name](replace(BASE, cpu_fallback=allowed))
    targets = labels.targets.copy()
    full = torch.device("meta")  # stands for a card: nothing fits on it
    move = torch.nn.Module.to

    def to(self: Any, *where: Any, **keys: Any) -> Any:
        if full in where:
            raise torch.OutOfMemoryError("injected")
        return move(self, *where, **keys)

    monkeypatch.setattr(torch.nn.Module, "to", to)
    learner.device = full
    scorer = getattr(learner, "_scorer", None)
    if scorer is not None:
        scorer.device = full
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if allowed:
            assert learner.fit(labels, seed=0).model
            assert len(learner.signals(labels.items, learner.provides)) == len(labels)
        else:
            with pytest.raises(ResourceError, match="out of memory on meta") as caught:
                learner.fit(labels, seed=0)
            assert caught.value.code == "OutOfMemory"
    assert (labels.targets == targets).all()


def test_a_learner_of_a_specification_without_a_recipe_has_no_settings_of_training() -> None:
    without = {name for name, kind in LEARNERS.items() if "training" not in kind.table.model_fields}
    assert without == {"sklearn", "gp"}
    for name, kind in LEARNERS.items():
        if name not in without:
            known = set(kind.table.model_fields["training"].annotation.model_fields)  # type: ignore[union-attr]
            assert known == set(Recipe.names()), name


def test_the_backbone_has_a_rate_of_its_own_only_where_there_is_one() -> None:
    source = array_source(np.eye(3, dtype=np.float32))
    with pytest.raises(ArgumentError, match=r"backbone_lr=0.1 means nothing to Linear: .* leave it at 1.0") as caught:
        TorchLearner(lambda: torch.nn.Linear(3, 3), source, THREE, recipe=Recipe(backbone_lr=0.1), device="cpu")
    assert caught.value.code == "BadValue"


def test_the_check_lets_defaults_pass_and_says_why() -> None:
    refuse_others(Recipe(), frozenset(), "nobody", {})
    refuse_others(Recipe(lr=1.0, threads=2), EVERYWHERE, "somebody", {})
    with pytest.raises(ArgumentError, match=r"^lr=1.0 means nothing to a stone: it does not learn; leave it at 0.001$"):
        refuse_others(Recipe(lr=1.0), frozenset(), "a stone", {"lr": "it does not learn"})
    with pytest.raises(ArgumentError, match=r"^sampling='balanced' means nothing to a stone; leave it at None$"):
        refuse_others(Recipe(sampling="balanced"), EVERYWHERE, "a stone", {})
    assert {f.name for f in fields(Recipe)} >= EVERYWHERE
