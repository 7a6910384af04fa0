"""1 - (p1 - p2)."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from numpy.typing import NDArray

from probability_rows import rows, tolerance
from querist.strategies.arrays import score, select

P = np.array([[0.9, 0.1, 0.0], [0.4, 0.35, 0.25], [0.5, 0.0, 0.5], [0.0, 0.0, 1.0]])


def test_hand_computed() -> None:
    np.testing.assert_allclose(score("margin", probs=P), [0.2, 0.95, 1.0, 0.0], atol=1e-15)
    assert score("margin", probs=np.ones((2, 1))).tolist() == [0.0, 0.0]


def test_reason() -> None:
    chosen = select("margin", 2, probs=P)
    assert chosen.indices.tolist() == [2, 1]
    assert chosen.reasons == ("two nearest classes 0.50 / 0.50", "two nearest classes 0.40 / 0.35")


@settings(max_examples=25, deadline=None)
@given(rows())
def test_beside_least_confidence_and_ratio(p: NDArray[np.float64]) -> None:
    """With p1 = 1 - lc and p2 = ratio p1: margin = 1 - p1 (1 - ratio), and with two classes margin = 2 lc."""
    first = 1.0 - score("least_confidence", probs=p)
    expected = 1.0 - first * (1.0 - score("ratio", probs=p))
    np.testing.assert_allclose(score("margin", probs=p), expected, atol=tolerance(p))
    if p.shape[1] == 2:
        np.testing.assert_allclose(score("margin", probs=p), 2 * score("least_confidence", probs=p), atol=tolerance(p))
