"""`ted`: sequential transductive design, against deflation of the kernel written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import querist
from querist.core.errors import ArgumentError


def slow(pool: np.ndarray, known: np.ndarray, n: int, ridge: float) -> tuple[list[int], list[float]]:
    """K over pool and known; known rows are deflated first."""
    h = np.vstack([pool, known])
    size = len(pool)
    k = h @ h.T
    rows: list[int] = []
    values: list[float] = []
    for turn in range(len(known) + n):
        if turn < len(known):
            row = size + turn
        else:
            each = {i: float((k[:size, i] ** 2).sum() / (k[i, i] + ridge)) for i in range(size) if i not in rows}
            row = max(each, key=lambda i: each[i])
            rows.append(row)
            values.append(each[row])
        k = k - np.outer(k[:, row], k[row]) / (k[row, row] + ridge)
    return rows, values


@given(st.integers(0, 10**6), st.sampled_from([1.0, 0.01, 50.0]), st.integers(0, 4))
@settings(max_examples=25, deadline=None)
def test_against_deflation(seed: int, ridge: float, labelled: int) -> None:
    rng = np.random.default_rng(seed)
    h, known = rng.normal(size=(15, 4)), rng.normal(size=(labelled, 4))
    got = querist.select(querist.Ted(ridge=ridge), 6, embedding=h, labelled={"embedding": known} if labelled else None)
    want = slow(h, known, 6, ridge)
    assert got.indices.tolist() == want[0]
    assert got.scores == pytest.approx(want[1], rel=1e-6)


def test_by_hand() -> None:
    """Rows 2 and 1 on one axis, 1 on the other: (4 * 4 + 2 * 2) / 5 = 4, then the other axis: 1 / 2."""
    chosen = querist.select("ted", 2, embedding=np.array([[2.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    assert chosen.indices.tolist() == [0, 2]
    assert chosen.scores == pytest.approx([4.0, 0.5])
    assert chosen.reasons[0].startswith("explains 4 of the pool's squared features")


def test_bad_ridge() -> None:
    with pytest.raises(ArgumentError, match="ridge must be a number > 0, got 0"):
        querist.Ted(ridge=0)
