"""Which model is trained between two answers: a linear head on frozen features, equipped for the strategy that asks.

scikit-learn's logistic regression is first choice: on 500 labels and 128 features it fits in a fraction of the time of a
network, and gives probabilities, features and gradients. Where a strategy wants more (members, perturbed models,
history ...), a small network takes its place and is given the providers and plug-ins that the strategy names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from querist.core.errors import ArgumentError, QueristError
from querist.core.ports import Learner, Strategy
from querist.core.signals import MULTILABEL, PROBS, Signal, View
from querist.core.types import ItemId, Items, Labels
from querist.data.schema import ClassSchema, MultiLabel, Number, Schema
from querist.server.trainer.snapshot import Pool
from querist.session.needs import check_needs
from querist.training.sklearn_learner import SklearnLearner

__all__ = ["STRENGTH", "learner_for", "linear_learner", "predicted", "some_labels"]

STRENGTH = 10.0
"""Inverse of the penalty on the weights, for rows that lie about a unit from their mean: 1 is far too strong for those."""
_HIDDEN = 64


def linear_learner(pool: Pool, schema: Schema) -> Learner:
    """The linear head: logistic regression, one a class where several may hold, ridge regression for numbers."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.multiclass import OneVsRestClassifier

    if isinstance(schema, Number):
        return SklearnLearner(Ridge(alpha=1.0 / STRENGTH), pool, schema)
    head = LogisticRegression(C=STRENGTH, max_iter=100, tol=1e-3)
    if isinstance(schema, MultiLabel):
        return _Several(OneVsRestClassifier(head), pool, schema)
    return SklearnLearner(head, pool, schema)


class _Several(SklearnLearner):
    """Several classes: the probability of each is also given under the name that strategies for several classes read."""

    def __init__(self, estimator: Any, source: Pool, schema: Schema) -> None:
        super().__init__(estimator, source, schema)
        self.provides = self.provides | {MULTILABEL}

    def signals(self, items: Sequence[ItemId], names: frozenset[Signal]) -> View:
        """As ever, with `MULTILABEL`."""
        if MULTILABEL not in names:
            return super().signals(items, names)
        found = super().signals(items, (names - {MULTILABEL}) | {PROBS})
        return View(len(items), {s: found[PROBS if s is MULTILABEL else s] for s in names})


def learner_for(strategy: Strategy, pool: Pool, schema: Schema, side: Mapping[Signal, Any] | None = None) -> Learner:
    """A learner that gives what ``strategy`` reads.

    Raises:
        ArgumentError: no learner on frozen features gives it (code ``NeedsCapability``).
    """
    given = frozenset(side or {})
    first = linear_learner(pool, schema)
    try:
        check_needs(strategy, first, given, reference=False, schema=schema)
        return first
    except ArgumentError as error:
        if error.code != "NeedsCapability":
            raise
    learner = _network(strategy, pool, schema)
    check_needs(strategy, learner, given, reference=False, schema=schema)
    return learner


def _network(strategy: Strategy, pool: Pool, schema: Schema) -> Learner:
    """A head of one hidden layer where members are wanted, else a linear one, with what the strategy names."""
    from querist.assembly.providers import equip
    from querist.training.frozen import head_learner
    from querist.training.recipe import Recipe

    if not isinstance(schema, (ClassSchema, Number)):
        raise ArgumentError(f"there is no head for {type(schema).__name__} on frozen features", code="NeedsCapability")
    kit = equip(strategy)
    more = kit.arguments()
    members = more.pop("members")
    hidden = (_HIDDEN,) if members else ()
    recipe = Recipe(epochs=20, lr=2e-2, batch_size=64, min_steps=100, threads=1)
    try:
        return head_learner(pool, schema, hidden=hidden, recipe=recipe, members=members, device="cpu", **more)
    except QueristError as error:
        raise ArgumentError(str(error), code="NeedsCapability") from error


def predicted(learner: Learner, pool: Pool, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """(n, C) probabilities, or (n,) predicted numbers, of some rows."""
    from querist.session.evaluation import predicted as of_items

    return np.asarray(of_items(learner, pool.items(rows)))


def some_labels(labels: Labels, which: Any) -> Labels:
    """The labels at some places: row numbers, a slice, or booleans."""
    rows = np.arange(len(labels))[which]
    items = labels.items
    return Labels(
        items=Items(items.all_ids, items.rows[rows]) if isinstance(items, Items) else [items[k] for k in rows.tolist()],
        targets=labels.targets[rows],
        weights=None if labels.weights is None else labels.weights[rows],
        provenance=tuple(labels.provenance[k] for k in rows.tolist()) if labels.provenance else (),
    )
