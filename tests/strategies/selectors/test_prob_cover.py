"""`prob_cover` on hand-made points; its default radius; bad parameters."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError

LINE = np.array([[0.0], [1.0], [2.0], [10.0], [11.0], [30.0]])


def test_by_hand() -> None:
    chosen = querist.select("prob_cover(delta=1.5)", 4, embedding=LINE)
    assert chosen.indices[0] == 1
    assert set(chosen.indices[1:2].tolist()) <= {3, 4}
    assert chosen.indices[2] == 5
    assert chosen.scores.tolist() == [3.0, 2.0, 1.0, 0.0]
    assert querist.select("prob_cover(delta=1.0)", 6, embedding=LINE).scores.tolist() == [1.0] * 6, (
        "the edge is outside"
    )


def test_the_default_radius_separates_clusters() -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(-1, 1, size=(40, 2)) + np.array([9 * k, 0]) for k in range(3)])
    p = np.full((120, 3), 1 / 3)
    chosen = querist.select("prob_cover", 3, embedding=x, probs=p)
    assert sorted(chosen.indices // 40) == [0, 1, 2]
    with pytest.raises(ArgumentError, match="probs"):
        querist.select("prob_cover", 3, embedding=x)


def test_no_row_is_out_of_reach() -> None:
    """The authors' graph drops the last N mod 500 rows; here the last group can be chosen."""
    x = np.concatenate([np.arange(500.0) * 10, 10_000 + np.arange(9.0) / 10])[:, None]
    assert querist.select("prob_cover(delta=1.0)", 1, embedding=x).indices[0] >= 500


def test_bad_parameters() -> None:
    with pytest.raises(ArgumentError, match="delta must be a number > 0"):
        querist.parse("prob_cover(delta=0)")
