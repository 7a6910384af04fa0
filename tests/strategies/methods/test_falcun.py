"""`falcun` and its draws: exact distribution of short runs, and its edges."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import QueristError
from querist.strategies.methods.falcun import Falcun


def test_first_pick_and_reasons() -> None:
    p = np.array([[0.5, 0.5], [1.0, 0.0], [0.9, 0.1]])
    sel = querist.select("falcun(gamma=200)", 3, probs=p)
    # relevance at first is scaled u + u: 2, 0, .4; then distances to row 0 are 1 and .8
    assert sel.indices.tolist()[0] == 0
    assert sel.scores[0] == pytest.approx(2.0)
    assert sel.reasons[0] == "drawn by its uncertainty 1.00"
    # left are rows 1 (u 0, distance min(0, 1) = 0) and 2 (u .2, distance .2): scaled 0 and 1
    assert sel.indices.tolist() == [0, 2, 1]
    assert sel.scores[1] == pytest.approx(1.2)
    assert "distance 0.20 to the predictions chosen" in sel.reasons[1]


def test_sure_predictions_are_drawn_uniformly() -> None:
    first = [querist.select("falcun", 1, probs=np.eye(4), seed=s).indices[0] for s in range(400)]
    counts = np.bincount(first, minlength=4)
    assert (np.abs(counts - 100) < 5 * np.sqrt(75)).all()


def test_refusals() -> None:
    for bad in (-1, float("inf"), "x", True):
        with pytest.raises(QueristError, match="gamma must be a number ≥ 0"):
            Falcun(gamma=bad)  # type: ignore[arg-type]
