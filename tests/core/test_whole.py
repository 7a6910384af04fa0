"""The whole: its rows by role, its tie keys, what narrowing does, and the pool as a whole of its own."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.errors import DataError
from querist.core.signals import EMBEDDING, PROBS, Context, Needs, View
from querist.core.whole import over_whole, whole_of
from wholes import within

X = np.arange(6.0)[:, None]


def test_rows_by_role() -> None:
    whole = whole_of(within({EMBEDDING: X}, [4, 1, 2], [0], [5]))
    assert len(whole) == 6
    assert whole.places().tolist() == [-1, 1, 2, -1, 0, -1]
    assert whole.known().tolist() == [True, False, False, False, False, True]
    assert whole.view[EMBEDDING][whole.pool].ravel().tolist() == [4, 1, 2]


def test_keys_of_the_pool_are_those_of_the_context() -> None:
    ctx = within({EMBEDDING: X}, [4, 1, 2], seed=3)
    whole = whole_of(ctx)
    assert whole.keys(3, "x")[whole.pool].tolist() == ctx.keys("x").tolist()
    bare = Context(pool=View(6, {EMBEDDING: X}), seed=3)
    assert whole_of(bare).keys(3, "x").tolist() == bare.keys("x").tolist()


def test_narrowing_the_pool_leaves_the_rest() -> None:
    ctx = within({EMBEDDING: X}, [4, 1, 2], [0]).take(np.array([2, 0]))
    whole = whole_of(ctx)
    assert len(whole) == 6
    assert whole.pool.tolist() == [2, 4]
    assert whole.labelled.tolist() == [0]
    assert ctx.pool[EMBEDDING].ravel().tolist() == [2, 4]
    assert whole.waiting(np.array([1])).pending.tolist() == [4]
    assert whole.pending.tolist() == []


def test_bare_arrays_are_a_whole_of_their_own() -> None:
    ctx = Context(pool=View(3, {EMBEDDING: X[:3]}), labelled=View(1, {EMBEDDING: X[3:4]}, role="labelled"))
    whole = whole_of(ctx.take(np.array([2, 1])))
    assert whole.pool.tolist() == [0, 1]
    assert not whole.known().any(), "labelled items are no nodes of the pool's graph"
    assert whole.view[EMBEDDING].ravel().tolist() == [2, 1]


def test_signals_of_the_whole_are_looked_at() -> None:
    bad = X.copy()
    bad[3] = np.nan
    with pytest.raises(DataError, match="whole embedding holds NaN"):
        whole_of(within({EMBEDDING: bad}, [0, 1])).view[EMBEDDING]


def test_needs() -> None:
    needs = Needs(pool=frozenset({EMBEDDING}))
    assert over_whole(needs, True).whole == {EMBEDDING}
    assert over_whole(needs, False).whole == frozenset()
    both = over_whole(needs, True) | Needs(pool=frozenset({PROBS}))
    assert both.whole == {EMBEDDING}, "what another part needs of the pool is not asked for of the whole"
