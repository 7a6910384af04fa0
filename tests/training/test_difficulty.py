from __future__ import annotations

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor

from querist.core.errors import ArgumentError
from querist.core.types import Labels
from querist.data.arrays import array_source
from querist.data.schema import MultiLabel, Number, SingleLabel
from querist.training.difficulty import by_history, by_model, crossed_losses

X = np.concatenate(
    [np.random.default_rng(0).normal(-2, 0.5, (10, 2)), np.random.default_rng(1).normal(2, 0.5, (10, 2))]
)
Y = np.repeat([0, 1], 10)
IDS = [f"i{k}" for k in range(20)]
OF = array_source(X, ids=IDS)
TWO = SingleLabel(("a", "b"))


def test_losses_of_left_out_items_by_hand() -> None:
    labels = Labels(IDS[:4], np.array([0, 0, 0, 1]))
    losses = crossed_losses(labels, OF, TWO, estimator=DummyClassifier(strategy="prior"), folds=4)
    assert losses[:3] == pytest.approx(-np.log(2 / 3))
    assert losses[3] == pytest.approx(-np.log(1e-6))  # the other three know no second class
    numbers = Labels(IDS[:3], np.array([1.0, 2.0, 6.0]))
    squares = crossed_losses(numbers, OF, Number(), estimator=DummyRegressor(), folds=9)
    assert squares == pytest.approx([9.0, 2.25, 20.25])


def test_soft_targets_by_hand() -> None:
    soft = Labels(IDS[:3], np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]))
    losses = crossed_losses(soft, OF, TWO, estimator=DummyClassifier(strategy="prior"), folds=3)
    assert losses == pytest.approx([-np.log(0.25), -np.log(0.5), -np.log(0.25)])


def test_a_wrong_label_is_the_hardest() -> None:
    wrong = Y.copy()
    wrong[3] = 1
    curriculum = by_model(Labels(IDS, wrong), OF, TWO, seed=1, first=0.9)
    weights = curriculum.weigh(0.0, None, IDS)
    assert weights[3] == 0
    assert curriculum.weigh(0.9, None, [*IDS, "new"]).tolist() == [1.0] * 21
    assert curriculum.weigh(0.0, None, [*IDS, "new"])[-1] == 0
    again = by_model(Labels(IDS, wrong), OF, TWO, seed=1, first=0.9)
    assert again == curriculum
    assert by_model(Labels(IDS, wrong), OF, TWO, seed=2, first=0.9) != curriculum


def test_one_label_and_what_is_refused() -> None:
    assert crossed_losses(Labels(IDS[:1], np.array([0])), OF, TWO).tolist() == [0.0]
    with pytest.raises(ArgumentError, match="folds"):
        crossed_losses(Labels(IDS, Y), OF, TWO, folds=1)
    with pytest.raises(ArgumentError, match="one class"):
        crossed_losses(Labels(IDS, np.eye(2)[Y]), OF, MultiLabel(("a", "b")))


def test_losses_of_a_training_by_hand() -> None:
    losses = np.array([[0.5, 0.3], [np.nan, 0.6], [np.nan, np.nan], [0.1, 0.1]])
    curriculum = by_history(["a", "b", "c", "d"], losses, first=0.5)
    assert curriculum.difficulty == pytest.approx({"a": 0.4, "b": 0.6, "c": np.nan, "d": 0.1}, nan_ok=True)
    assert curriculum.weigh(0.0, None, ["a", "b", "c", "d"]).tolist() == [1, 0, 0, 1]
    assert curriculum.weigh(0.0, None, ["new", "b", "a", "d"]).tolist() == [0, 0, 1, 1]
