"""Greedy sampling against loops over all pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.greedy_sampling import farthest_number, farthest_product, nearest_to_mean

KINDS = ("random", "tied", "constant", "huge")


def pool(seed: int, kind: str, n: int = 12, d: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    h, y = rng.normal(size=(n, d)), rng.normal(size=n)
    if kind == "tied":
        h, y = rng.integers(0, 3, (n, d)).astype(float), rng.integers(0, 3, n).astype(float)
    elif kind == "constant":
        h, y = np.ones((n, d)), np.full(n, 2.5)
    elif kind == "huge":
        h, y = h * 1e9, y * 1e12
    return h, y, rng.permutation(n).astype(np.uint64)


def slow(
    h: np.ndarray, y: np.ndarray, known_h: np.ndarray, known_y: np.ndarray, n: int, keys: np.ndarray, *, product: bool
) -> list[int]:
    seen_h, seen_y = list(known_h), list(known_y)
    rows: list[int] = []
    for _ in range(n):
        free = [i for i in range(len(h)) if i not in rows]
        if seen_y:
            value = {
                i: min(
                    abs(y[i] - b) * (np.linalg.norm(h[i] - a) if product else 1.0)
                    for a, b in zip(seen_h, seen_y, strict=True)
                )
                for i in free
            }
        elif product:
            value = {i: -float(np.linalg.norm(h[i] - h.mean(0))) for i in free}
        else:
            value = {i: -abs(float(y[i] - y.mean())) for i in free}
        high = max(value.values())
        slack = 1e-7 * max(abs(v) for v in value.values())
        row = min((i for i in free if value[i] >= high - slack), key=lambda i: keys[i])
        rows.append(row)
        seen_h.append(h[row])
        seen_y.append(y[row])
    return rows


@given(st.integers(0, 10**6), st.sampled_from(KINDS), st.integers(0, 4), st.booleans())
@settings(max_examples=50, deadline=None)
def test_same_picks_as_loops(seed: int, kind: str, labelled: int, product: bool) -> None:
    h, y, keys = pool(seed, kind)
    other_h, other_y, _ = pool(seed + 1, kind)
    known_h, known_y = other_h[:labelled], other_y[:labelled]
    want = slow(h, y, known_h, known_y, 8, keys, product=product)
    if product:
        got = farthest_product(h, y, known_h, known_y, 8, keys)[0]
    else:
        got = farthest_number(y, known_y, 8, keys)[0]
    assert got.tolist() == want


def test_by_hand() -> None:
    """Numbers 0, 1, 5, 9 with 4 known: 9 is 5 away, then 0 is 4 away, then 1 and 5 are 1 away."""
    keys = np.array([0, 3, 2, 1], dtype=np.uint64)
    rows, far = farthest_number(np.array([0.0, 1.0, 5.0, 9.0]), np.array([4.0]), 4, keys)
    assert rows.tolist() == [3, 0, 2, 1]
    assert far.tolist() == [5.0, 4.0, 1.0, 1.0]
    rows, far = farthest_number(np.array([0.0, 1.0, 5.0, 9.0]), np.zeros(0), 2, keys)
    assert rows.tolist() == [2, 0], "the mean is 3.75; then 0 is 5 from 5"
    assert far.tolist() == [np.inf, 5.0]


def test_nearest_to_the_mean() -> None:
    line = np.array([[0.0], [2.0], [3.0], [7.0]])  # the mean is 3
    keys = np.arange(4, dtype=np.uint64)
    assert nearest_to_mean(Euclidean(line), keys) == 2
    assert nearest_to_mean(Euclidean(np.ones((4, 2))), np.array([3, 1, 0, 2], np.uint64)) == 2


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    from querist.strategies.kernels import greedy_sampling

    h, y, keys = pool(0, "random", 200, 3)
    whole = farthest_product(h, y, h[:5] + 1, y[:5], 30, keys)
    monkeypatch.setattr(greedy_sampling, "_CELLS", 1)
    pieces = farthest_product(h, y, h[:5] + 1, y[:5], 30, keys)
    assert whole[0].tolist() == pieces[0].tolist()
    assert whole[1] == pytest.approx(pieces[1])
