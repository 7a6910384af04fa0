"""DropQuery: more than half of the passes disagree, relaxed only when too few do, one a cluster."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError
from querist.core.types import Array
from querist.strategies.methods.drop_query import disagreeing


def members(differ: list[int], passes: int) -> Array:
    """Class 0 in all but the first ``differ`` passes of each row."""
    out = np.zeros((len(differ), passes, 2))
    for row, count in enumerate(differ):
        out[row, :count, 1], out[row, count:, 0] = 1, 1
    return out


def test_more_than_half() -> None:
    m = members([4, 2, 3, 0, 3, 1], 4)
    p = np.tile([0.9, 0.1], (6, 1))
    assert disagreeing(m, p).tolist() == [4, 2, 3, 0, 3, 1]
    x = np.array([[0.0], [1.0], [10.0], [11.0], [20.0], [30.0]])
    sel = querist.select("drop_query", 3, probs=p, members=m, embedding=x)
    assert sorted(sel.indices.tolist()) == [0, 2, 4]  # two of four is not more than half
    assert sorted(sel.scores.tolist()) == [0.75, 0.75, 1.0]
    assert any(r.startswith("4 of 4 passes with dropout change its class") for r in sel.reasons)
    sel = querist.select("drop_query", 4, probs=p, members=m, embedding=x)
    assert sorted(sel.indices.tolist()) == [0, 1, 2, 4]
    assert sorted(querist.select("drop_query", 6, probs=p, members=m, embedding=x).indices.tolist()) == list(range(6))


def test_clusters_of_the_candidates() -> None:
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0.0], [40.0, 0.0], [0.0, 40.0]])
    which = np.repeat([0, 1, 2], 20)
    x = centres[which] + rng.normal(size=(60, 2))
    differ = np.where(which == 2, 1, 5).tolist()
    p = np.tile([0.9, 0.1], (60, 1))
    sel = querist.select("drop_query", 2, probs=p, members=members(differ, 5), embedding=x, seed=1)
    assert sorted(which[sel.indices].tolist()) == [0, 1]
    for row in sel.indices.tolist():
        mine = np.flatnonzero(which == which[row])
        away = np.linalg.norm(x[mine] - x[mine].mean(axis=0), axis=1)
        assert row == mine[away.argmin()]


def test_regression_is_refused() -> None:
    with pytest.raises(ArgumentError, match="members of a classifier"):
        querist.select("drop_query", 1, probs=np.eye(2), members=np.ones((2, 3)), embedding=np.ones((2, 1)))
