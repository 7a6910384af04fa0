"""Metrics by hand and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from querist.core.errors import UnknownNameError
from querist.session.evaluation import METRICS, Evaluation

RNG = np.random.default_rng(0)
P = RNG.dirichlet(np.ones(4), 200)
Y = RNG.integers(0, 3, 200)


def test_by_hand() -> None:
    probs = np.array([[0.8, 0.2], [0.4, 0.6], [0.9, 0.1]])
    truth = np.array([0, 1, 1])
    assert METRICS["accuracy"](probs, truth) == pytest.approx(2 / 3)
    assert METRICS["log_loss"](probs, truth) == pytest.approx(-(np.log(0.8) + np.log(0.6) + np.log(0.1)) / 3)
    soft = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    assert METRICS["log_loss"](probs, soft) == pytest.approx(
        -(np.log(0.8) + 0.5 * np.log(0.4) + 0.5 * np.log(0.6) + np.log(0.1)) / 3
    )
    assert METRICS["exact_match"](np.array([[0.6, 0.2], [0.6, 0.7]]), np.array([[1, 0], [1, 0]])) == 0.5
    assert METRICS["rmse"](np.array([1.0, 3.0]), np.array([0.0, 0.0])) == pytest.approx(np.sqrt(5))
    assert METRICS["mae"](np.array([1.0, -3.0]), np.array([0.0, 0.0])) == 2.0


def test_against_scikit_learn() -> None:
    assert METRICS["accuracy"](P, Y) == pytest.approx(sk.accuracy_score(Y, P.argmax(1)))
    assert METRICS["log_loss"](P, Y) == pytest.approx(sk.log_loss(Y, P, labels=range(4)))
    assert METRICS["macro_f1"](P, Y) == pytest.approx(sk.f1_score(Y, P.argmax(1), average="macro"))


def test_calibration_metrics() -> None:
    probs = np.array([[0.8, 0.2], [0.4, 0.6]])
    assert METRICS["ece"](probs, np.array([0, 0])) == pytest.approx(0.4)
    assert METRICS["brier"](probs, np.array([0, 0])) == pytest.approx(0.4)


def test_unknown_metric() -> None:
    with pytest.raises(UnknownNameError, match="did you mean accuracy"):
        Evaluation(["a"], np.array([0]), ("acuracy",))
