"""The least disagree metric by hand, and on a line where it is known."""

from __future__ import annotations

import numpy as np
import pytest

import querist

P = np.array([[0.6, 0.4], [0.8, 0.2], [0.5, 0.5]])
Q = np.array([[[0.6, 0.4], [0.4, 0.6]], [[0.3, 0.7], [0.1, 0.9]], [[0.9, 0.1], [0.5, 0.5]]])


def test_by_hand() -> None:
    assert querist.score("least_disagree", probs=P, perturbed=Q) == pytest.approx([-2 / 3, -1 / 3, -1])
    got = querist.select("least_disagree", 3, probs=P, perturbed=Q)
    assert got.indices.tolist() == [1, 0, 2]
    assert got.reasons[0] == "a model that relabels 33.3% of the pool relabels it"
    assert got.reasons[2] == "no perturbation changes its label"


def test_on_a_line_it_is_the_order_of_distance_to_the_boundary() -> None:
    """Points 1, 2, ... 9 right of a boundary at 0 that is moved to t - 1/2: all points below t are relabelled."""
    x = np.arange(1.0, 10.0)

    def predict(boundary: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        right = 1 / (1 + np.exp(-(x - boundary)))
        return np.column_stack([1 - right, right])

    moved = np.stack([predict(t + 0.5) for t in range(1, 9)], axis=1)
    got = -querist.score("least_disagree", probs=predict(0.0), perturbed=moved)
    assert got == pytest.approx([*(np.arange(1, 9) / 9), 1.0])
