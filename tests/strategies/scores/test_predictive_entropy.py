"""Entropy of the mean of the members."""

from __future__ import annotations

import math

import numpy as np

from querist.strategies.arrays import score, select

M = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.2, 0.8], [0.3, 0.7]], [[1.0, 0.0], [1.0, 0.0]]])


def test_hand_computed() -> None:
    quarter = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    np.testing.assert_allclose(score("predictive_entropy", members=M), [math.log(2), quarter, 0.0], atol=1e-15)


def test_is_the_entropy_of_the_mean() -> None:
    mean = M.mean(axis=1)
    np.testing.assert_allclose(score("predictive_entropy", members=M), score("entropy", probs=mean), atol=1e-15)


def test_reason() -> None:
    reason = select("predictive_entropy", 1, members=M).reasons[0]
    assert reason == "entropy of the mean of 2 members 0.69 of at most 0.69 nats"
