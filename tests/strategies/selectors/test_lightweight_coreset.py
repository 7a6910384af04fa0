"""`lightweight_coreset` draws with the chances of the paper."""

from __future__ import annotations

import numpy as np
import pytest

import querist


def test_chances() -> None:
    x = np.array([[0.0], [0.0], [0.0], [4.0]])  # mean 1, squares 1, 1, 1, 9
    chance = 0.5 / 4 + 0.5 * np.array([1, 1, 1, 9]) / 12
    runs = [querist.select("lightweight_coreset", 1, embedding=x, seed=s) for s in range(1500)]
    counts = np.bincount([int(r.indices[0]) for r in runs], minlength=4)
    assert (np.abs(counts - 1500 * chance) < 4 * np.sqrt(1500 * chance * (1 - chance))).all()
    assert runs[0].scores[0] == pytest.approx(chance[runs[0].indices[0]])


def test_alike_rows_are_drawn_evenly() -> None:
    runs = [querist.select("lightweight_coreset", 1, embedding=np.ones((4, 2)), seed=s).indices[0] for s in range(400)]
    assert (np.bincount(runs, minlength=4) > 60).all()
