from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from querist.core.errors import ArgumentError, DataError
from querist.core.seeds import generator
from querist.core.signals import EMBEDDING, GRADIENT, MEMBERS, PROBS
from querist.core.types import Labels
from querist.data.schema import MultiLabel, Number
from querist.models.calibration.scores import nll
from querist.models.calibration.temperature import best_temperature, scaled
from querist.models.mlp import MLP
from querist.testing.learners import LEARNER_CHECKS, Make, check_learner
from querist.training.calibrated import Calibrated
from querist.training.recipe import Recipe
from querist.training.sklearn_learner import SklearnLearner
from querist.training.torch_learner import TorchLearner
from tiny import THREE, all_of, labels, source

PROBS_ONLY = frozenset({PROBS})


def learner(of: Any, **more: Any) -> Calibrated:
    return Calibrated(SklearnLearner(LogisticRegression(C=1e4), of, THREE), **more)


def noisy(count: int) -> tuple[Any, np.ndarray]:
    """A source, and labels a third of which are drawn anew: an unregularised model is too sure of itself."""
    of = source(count)
    rng = np.random.default_rng(0)
    y = np.where(rng.random(count) < 0.35, rng.integers(0, 3, count), np.arange(count) % 3)
    return of, y


def test_it_is_a_learner() -> None:
    def make(of: Any, schema: Any) -> Calibrated:
        return Calibrated(SklearnLearner(LogisticRegression(), of, schema), folds=3)

    assert len(check_learner(cast(Make, make))) == len(LEARNER_CHECKS)


def test_with_members_and_gradients_it_is_a_learner_too() -> None:
    def make(of: Any, schema: Any) -> Calibrated:
        recipe = Recipe(epochs=4, lr=1e-2)
        return Calibrated(TorchLearner(lambda: MLP(4, 3, dropout=0.2), of, schema, members=2, recipe=recipe), folds=2)

    check_learner(cast(Make, make))


def test_cross_fitting_by_hand() -> None:
    of, y = noisy(60)
    made = learner(of, folds=2)
    report = made.fit(labels(of, range(60), y), seed=3)
    told, truth = [], []
    part = generator(3, "calibrated").permutation(60) % 2
    for fold in range(2):
        other = SklearnLearner(LogisticRegression(C=1e4), of, THREE)
        rest, own = np.flatnonzero(part != fold), np.flatnonzero(part == fold)
        other.fit(labels(of, rest.tolist(), y[rest]), seed=0)
        told.append(other.signals(of.items(own), PROBS_ONLY)[PROBS])
        truth.append(y[own])
    assert made.temperature == pytest.approx(best_temperature(np.concatenate(told), np.concatenate(truth)))
    assert f"temperature {made.temperature:.3g}, cross-fitted on 60 labels in 2 parts" in report.notes


def test_unseen_items_are_told_better_and_the_classes_stay() -> None:
    of, y = noisy(400)
    made = learner(of)
    made.fit(labels(of, range(40), y[:40]), seed=0)
    rest = of.items(np.arange(40, 400))
    ours = made.signals(rest, PROBS_ONLY)[PROBS]
    bare = made.learner.signals(rest, PROBS_ONLY)[PROBS]
    assert made.temperature > 1.5
    assert nll(ours, y[40:]) < nll(bare, y[40:]) - 0.05
    assert (ours.argmax(axis=1) == bare.argmax(axis=1)).all()


def test_items_set_aside_are_used_in_place_of_folds() -> None:
    of, y = noisy(200)
    aside = labels(of, range(100, 160), y[100:160])
    made = learner(of, validation=aside)
    report = made.fit(labels(of, range(40), y[:40]), seed=0)
    told = made.learner.signals(aside.items, PROBS_ONLY)[PROBS]
    assert made.temperature == best_temperature(told, aside.targets)
    assert "on 60 items set aside" in report.notes[-1]


def test_members_and_gradients_have_the_temperature_and_the_embedding_has_none() -> None:
    of, y = noisy(60)
    inner = TorchLearner(lambda: MLP(4, 3, dropout=0.2), of, THREE, members=2, recipe=Recipe(epochs=5))
    made = Calibrated(inner, folds=2)
    made.fit(labels(of, range(60), y), seed=0)
    made.temperature = 2.0
    ours, bare = made.signals(all_of(of), made.provides), inner.signals(all_of(of), made.provides)
    assert np.array_equal(ours[MEMBERS], scaled(bare[MEMBERS], 2.0))
    assert np.array_equal(ours[EMBEDDING], bare[EMBEDDING])
    rows = np.arange(60)
    a, best = ours[GRADIENT][0], bare[PROBS].argmax(axis=1)
    assert np.allclose(a[rows, best], ours[PROBS][rows, best] - 1)
    assert np.array_equal(made.signals(all_of(of), frozenset({GRADIENT}))[GRADIENT][0], a)


def test_few_labels_leave_the_temperature_alone() -> None:
    of = source()
    made = learner(of)
    report = made.fit(labels(of, range(9)), seed=0)
    assert made.temperature == 1.0
    assert "too few labels for a temperature: it is 1" in report.notes


def test_refusals(tmp_path: Path) -> None:
    of = source()
    from sklearn.linear_model import Ridge

    with pytest.raises(ArgumentError, match="needs a learner that tells probs; SklearnLearner tells"):
        Calibrated(SklearnLearner(Ridge(), of, Number()))
    with pytest.raises(ArgumentError, match="the schema allows several labels"):
        Calibrated(SklearnLearner(LogisticRegression(), of, MultiLabel(("a", "b"))))
    with pytest.raises(ArgumentError, match="folds must be at least 2, got 1"):
        learner(of, folds=1)
    (tmp_path / "calibration.json").write_text("[]")
    with pytest.raises(DataError, match="holds no temperature"):
        learner(of).load(tmp_path)


def test_weights_of_the_labels_count() -> None:
    of, y = noisy(200)
    made = learner(of)
    found = []
    for weights in (None, np.r_[np.full(100, 5.0), np.ones(100)]):
        made.fit(Labels(of.items(np.arange(200)), y, weights), seed=0)
        found.append(made.temperature)
    assert found[0] != found[1]
    assert 1 < max(found) < 20
