"""EPIG for regression."""

from __future__ import annotations

import math

import numpy as np
import pytest

import querist
from querist.strategies.arrays import score, select

M = np.array([[0.0, 2.0, 0.0, 2.0], [0.0, 0.0, 4.0, 4.0], [1.0, 1.0, 1.0, 1.0]])
NOISE = np.array([1.0, 1.0, 1.0])


def test_hand_computed() -> None:
    """Item 0 goes with the reference, of variance 1 and noise 1: r^2 = 1 / 4; item 1 varies more, but apart from it."""
    reference = {"members": M[:1], "noise": NOISE[:1]}
    got = score("epig_regression", members=M, noise=NOISE, reference=reference)
    np.testing.assert_allclose(got, [-0.5 * math.log(0.75), 0.0, 0.0], atol=1e-15)
    assert select("bald_regression", 1, members=M, noise=NOISE).indices.tolist() == [1]
    assert select("epig_regression", 1, members=M, noise=NOISE, reference=reference).reasons == (
        "an answer tells 0.14 nats about each answer of 1 reference items",
    )


def test_refusals() -> None:
    reference = {"members": M, "noise": NOISE}
    classes = np.full((3, 2, 2), 0.5)
    with pytest.raises(querist.ArgumentError, match="reference"):
        score("epig_regression", members=M, noise=NOISE)
    with pytest.raises(querist.ArgumentError, match="consistent=False"):
        score("epig_regression", members=M, noise=NOISE, reference=reference, consistent=False)
    with pytest.raises(querist.ArgumentError, match="for classes use epig"):
        score("epig_regression", members=classes, noise=NOISE, reference={"members": classes, "noise": NOISE})
