"""What counts as known."""

from __future__ import annotations

import numpy as np

from querist.core.signals import EMBEDDING, Context, View
from querist.strategies.selectors.known import known_points

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
