from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from querist.models.calibration.scores import brier, calibration_error, nll

RNG = np.random.default_rng(0)
P = RNG.dirichlet(np.ones(3), 300)
Y = RNG.integers(0, 3, 300)


def test_by_hand() -> None:
    probs, truth = np.array([[0.8, 0.2], [0.4, 0.6]]), np.array([0, 0])
    assert calibration_error(probs, truth) == pytest.approx((0.2 + 0.6) / 2)
    assert nll(probs, truth) == pytest.approx(-(np.log(0.8) + np.log(0.4)) / 2)
    assert brier(probs, truth) == pytest.approx((2 * 0.04 + 2 * 0.36) / 2)


def test_against_scikit_learn() -> None:
    assert nll(P, Y) == pytest.approx(log_loss(Y, P))
    two = P[:, :2] / P[:, :2].sum(axis=1, keepdims=True)
    assert brier(two, Y % 2) == pytest.approx(2 * brier_score_loss(Y % 2, two[:, 1]))


def test_shares_are_the_mean_over_answers() -> None:
    shares = 0.25 * np.eye(3)[Y] + 0.75 * np.eye(3)[(Y + 1) % 3]
    for score in (nll, brier):
        assert score(P, shares) == pytest.approx(0.25 * score(P, Y) + 0.75 * score(P, (Y + 1) % 3))
    assert calibration_error(P, np.eye(3)[Y]) == pytest.approx(calibration_error(P, Y))


def test_truth_is_best_and_certainty_stays_finite() -> None:
    sure = np.eye(3)[Y]
    assert (brier(sure, Y), nll(sure, Y), calibration_error(sure, Y)) == (0, 0, 0)
    assert np.isfinite(nll(sure, (Y + 1) % 3))
    assert brier(sure, (Y + 1) % 3) == 2


def test_a_slow_calibration_error() -> None:
    total, best = 0.0, P.max(axis=1)
    for b in range(10):
        inside = [i for i in range(300) if b / 10 < best[i] <= (b + 1) / 10]
        if inside:
            total += len(inside) * abs(np.mean([P[i].argmax() == Y[i] for i in inside]) - np.mean(best[inside]))
    assert calibration_error(P, Y, 10) == pytest.approx(total / 300)
    assert calibration_error(P, Y, 10, adaptive=True) == pytest.approx(calibration_error(P, Y, 10), abs=0.1)
