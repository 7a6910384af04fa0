"""Variance over augmentations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

import querist
from probability_rows import rows, tolerance
from querist.strategies.arrays import score, select

A = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.7, 0.3], [0.7, 0.3]], [[0.6, 0.4], [0.4, 0.6]]])


def test_hand_computed() -> None:
    np.testing.assert_allclose(score("consistency", augmented=A), [0.5, 0.0, 0.02], atol=1e-15)
    assert score("consistency", augmented=A)[1] == 0.0


@settings(max_examples=25, deadline=None)
@given(rows(members=True, most=8))
def test_against_numpy(a: NDArray[np.float64]) -> None:
    expected = a.astype(np.float64).var(axis=1).sum(axis=1)
    np.testing.assert_allclose(score("consistency", augmented=a), expected, atol=tolerance(a))


def test_no_augmentation_is_refused() -> None:
    with pytest.raises(querist.ArgumentError, match="at least one augmentation"):
        score("consistency", augmented=np.zeros((3, 0, 2)))


def test_reason() -> None:
    assert select("consistency", 1, augmented=A).reasons == (
        "2 augmentations move the prediction by 0.71 (root mean square)",
    )
