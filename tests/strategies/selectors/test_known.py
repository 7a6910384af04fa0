"""What counts as known."""

from __future__ import annotations

import numpy as np

from querist.core.signals import EMBEDDING, Context, View
from querist.strategies.selectors.known import known_points, known_rows

X = np.eye(3)


def test_labelled_then_pending_or_nothing() -> None:
    def same(x: np.ndarray) -> np.ndarray:
        return np.asarray(x, dtype=float)

    pool = View(3, {EMBEDDING: X})
    assert known_points(Context(pool), EMBEDDING, same).shape == (0, 3)
    some = Context(pool, labelled=View(1, {EMBEDDING: X[:1]}), pending=View(2, {EMBEDDING: X[1:]}))
    assert known_points(some, EMBEDDING, same).tolist() == X.tolist()
    without = Context(pool, labelled=View(2, {}))
    assert known_points(without, EMBEDDING, same).shape == (0, 3)


def test_known_rows_stand_behind_the_pool_and_come_last_in_ties() -> None:
    keys = np.array([5, 2**64 - 1, 7], dtype=np.uint64)
    x = np.arange(6.0, dtype=np.float32).reshape(3, 2)
    whole, all_keys = known_rows(x, np.array([[9.0, 9.0], [8.0, 8.0]]), keys)
    assert whole.dtype == np.float32
    assert whole[3:].tolist() == [[9.0, 9.0], [8.0, 8.0]]
    assert all_keys[[0, 2]].tolist() == [5, 7]
    assert all_keys[:3].max() < all_keys[3:].min()
    assert known_rows(x, np.zeros((0, 2)), keys)[0] is x
