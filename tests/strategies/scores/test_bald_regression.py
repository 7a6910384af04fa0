"""BALD for regression."""

from __future__ import annotations

import math

import numpy as np
import pytest

import querist
from querist.strategies.arrays import score, select

M = np.array([[0.0, 2.0], [0.0, 4.0], [1.0, 1.0]])
NOISE = np.array([1.0, 16.0, 1.0])


def test_hand_computed() -> None:
    """Variances 1, 4, 0; the second item varies more and tells less, since its answers are noisy."""
    expected = [0.5 * math.log(2), 0.5 * math.log(1.25), 0.0]
    np.testing.assert_allclose(score("bald_regression", members=M, noise=NOISE), expected, rtol=1e-14)
    assert select("pred_variance", 1, members=M).indices.tolist() == [1]
    assert select("bald_regression", 1, members=M, noise=NOISE).indices.tolist() == [0]


def test_members_of_a_classifier_are_refused() -> None:
    with pytest.raises(querist.ArgumentError, match="members of a regression") as caught:
        score("bald_regression", members=np.full((3, 2, 2), 0.5), noise=NOISE)
    assert caught.value.code == "ShapeMismatch"


def test_reason() -> None:
    assert select("bald_regression", 1, members=M, noise=NOISE).reasons == (
        "an answer tells 0.35 nats about the model: its members vary 1 times as much as answers do by noise",
    )
