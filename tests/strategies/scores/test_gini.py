"""Gini impurity."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from numpy.typing import NDArray

from probability_rows import rows
from querist.strategies.arrays import score, select

P = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [1 / 3, 1 / 3, 1 / 3]])


def test_hand_computed() -> None:
    np.testing.assert_allclose(score("gini", probs=P), [0.0, 0.5, 2 / 3], rtol=1e-14)


@settings(max_examples=25, deadline=None)
@given(rows())
def test_against_the_sum_written_out(p: NDArray[np.float64]) -> None:
    expected = [1.0 - sum(float(v) ** 2 for v in row) for row in p]
    np.testing.assert_allclose(score("gini", probs=p), expected, atol=1e-12)


def test_reason() -> None:
    assert select("gini", 1, probs=P).reasons == (
        "two draws from the prediction differ with probability 0.67 of at most 0.67",
    )
