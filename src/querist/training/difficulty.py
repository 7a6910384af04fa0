"""How hard each labelled item is for another model, which has not seen its label.

Hacohen and Weinshall, On the Power of Curriculum Learning in Training Deep Networks, 2019, section 2: a simple classifier
on features of a network trained elsewhere orders the items. Here its losses are cross-fitted: an item is judged by a model
that was fitted on the other folds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from querist.core.errors import ArgumentError
from querist.core.seeds import generator
from querist.core.signals import PREDICTION, PROBS
from querist.core.types import Array, ItemId, Labels
from querist.data.schema import MultiLabel, Number, Schema
from querist.data.source import Source
from querist.training.curriculum import ByDifficulty
from querist.training.sklearn_learner import SklearnLearner

__all__ = ["by_history", "by_model", "crossed_losses"]

_LEAST = 1e-6


def by_model(
    labels: Labels,
    features: Source,
    schema: Schema,
    *,
    estimator: Any = None,
    folds: int = 5,
    seed: int = 0,
    first: float = 0.3,
    full: float = 0.6,
) -> ByDifficulty:
    """A curriculum from the losses of another model; items labelled later count as the hardest.

    Args:
        labels: the labelled items.
        features: what the other model reads, under the same ids: numbers, or what `frozen_features` gave.
        schema: what a label may be.
        estimator: a scikit-learn estimator; by default logistic regression, or ridge regression for numbers.
        folds: parts that the labels are cut into.
        seed: of the parts.
        first: portion of the items in the first epoch.
        full: share of the training after which all count.
    """
    losses = crossed_losses(labels, features, schema, estimator=estimator, folds=folds, seed=seed)
    return ByDifficulty(dict(zip(labels.items, losses.tolist(), strict=True)), first, full)


def by_history(items: Sequence[ItemId], losses: Array, *, first: float = 0.3, full: float = 0.6) -> ByDifficulty:
    """A curriculum from losses that a training recorded: the mean of each item's over the steps at which it had a label.

    Items without any, and items labelled later, count as the hardest. What is learnt early and not forgotten is easy:
    Zhou, Wang and Bilmes, Curriculum Learning by Dynamic Instance Hardness, 2020, average losses over the training.

    Args:
        items: (L,) ids.
        losses: (L, T) as `LossHistory` tells them; NaN where an item had no label.
        first: portion of the items in the first epoch.
        full: share of the training after which all count.
    """
    known = ~np.isnan(losses)
    mean = np.where(known, losses, 0.0).sum(axis=1) / np.where(known.any(axis=1), known.sum(axis=1), np.nan)
    return ByDifficulty(dict(zip(items, mean.tolist(), strict=True)), first, full)


def crossed_losses(
    labels: Labels, features: Source, schema: Schema, *, estimator: Any = None, folds: int = 5, seed: int = 0
) -> Array:
    """(L,) loss of each labelled item under a model fitted without it: cross entropy in nats, or squared error.

    A class that the other folds do not hold has probability 1e-6. With one label the loss is 0.

    Raises:
        ArgumentError: fewer than two folds, or several classes an item (code ``BadValue``).
    """
    if folds < 2:
        raise ArgumentError(f"folds must be at least 2, got {folds}", code="BadValue")
    if isinstance(schema, MultiLabel):
        raise ArgumentError("a difficulty by model is for one class or one number an item", code="BadValue")
    if estimator is None:
        estimator = _simple(isinstance(schema, Number))
    losses = np.zeros(len(labels))
    if len(labels) < 2:
        return losses
    items = list(labels.items)
    place = np.empty(len(items), dtype=np.int64)
    place[generator(seed, "difficulty").permutation(len(items))] = np.arange(len(items)) % min(folds, len(items))
    for fold in range(min(folds, len(items))):
        out, rest = np.flatnonzero(place == fold), np.flatnonzero(place != fold)
        learner = SklearnLearner(estimator, features, schema)
        weights = None if labels.weights is None else labels.weights[rest]
        learner.fit(Labels([items[k] for k in rest], labels.targets[rest], weights), seed=seed)
        losses[out] = _losses(learner, [items[k] for k in out], labels.targets[out])
    return losses


def _losses(learner: SklearnLearner, items: list[str], targets: Array) -> Array:
    if isinstance(learner.schema, Number):
        said = learner.signals(items, frozenset({PREDICTION}))[PREDICTION]
        return np.asarray(np.square(said - targets))
    probs = np.maximum(learner.signals(items, frozenset({PROBS}))[PROBS], _LEAST)
    if targets.ndim == 1:
        return np.asarray(-np.log(probs[np.arange(len(targets)), targets]))
    return np.asarray(-(targets * np.log(probs)).sum(axis=1))


def _simple(numbers: bool) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge

    return Ridge() if numbers else LogisticRegression(max_iter=1000)
