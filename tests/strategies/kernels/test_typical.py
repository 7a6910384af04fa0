"""The most typical rows against distances to all others, whole and in cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.types import Array
from querist.strategies.kernels import typical
from querist.strategies.kernels.typical import most_typical


def plain(x: Array, k: int) -> Array:
    """(n,) mean distance to the k nearest other rows, by all differences in float64."""
    x = np.asarray(x, dtype=np.float64)
    d = np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1))
    np.fill_diagonal(d, np.inf)
    return np.asarray(np.sort(d, axis=1)[:, :k].mean(axis=1))


def found(x: Array, k: int, m: int, seed: int = 0) -> tuple[Array, Array]:
    return most_typical(x, k, m, np.arange(len(x), dtype=np.uint64), np.random.default_rng(seed))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "k", "m"), [(2, 1, 1), (3, 20, 3), (40, 20, 40), (700, 20, 5), (1_300, 3, 60)])
def test_against_all_distances(n: int, k: int, m: int, dtype: type) -> None:
    rng = np.random.default_rng(n)
    x: Array = (rng.normal(size=(n, 4)) * rng.exponential(size=(n, 1)) + 7).astype(dtype)
    rows, means = found(x, k, m)
    expected = plain(x, min(k, n - 1))
    assert len(set(rows.tolist())) == m
    assert means == pytest.approx(np.sort(expected)[:m], rel=2e-3 if dtype is np.float32 else 1e-9)
    assert expected[rows] == pytest.approx(means, rel=2e-3 if dtype is np.float32 else 1e-9)
    if dtype is np.float64:
        assert rows.tolist() == np.argsort(expected, kind="stable")[:m].tolist()


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 40), st.integers(1, 5), st.integers(0, 10_000), st.floats(1e-3, 1e6))
def test_ties_and_copies(n: int, k: int, seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 3, size=(n, 2)) * scale
    m = int(rng.integers(1, n + 1))
    rows, means = found(x, k, m)
    expected = plain(x, min(k, n - 1))
    assert expected[rows] == pytest.approx(np.sort(expected)[:m], rel=1e-6, abs=1e-6 * scale)
    assert means == pytest.approx(expected[rows], rel=1e-6, abs=1e-6 * scale)


def test_among_equals_the_lowest_key() -> None:
    rows, means = most_typical(
        np.ones((9, 2), dtype=np.float32), 3, 2, np.arange(9, 0, -1, dtype=np.uint64), np.random.default_rng(0)
    )
    assert rows.tolist() == [8, 7]
    assert means.tolist() == [0.0, 0.0]
    assert found(np.ones((1, 2)), 5, 1)[0].tolist() == [0]


def test_cells_find_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(6, 8)) * 2
    x = (centres[rng.integers(0, 6, 3_000)] + rng.normal(size=(3_000, 8))).astype(np.float32)
    exact = found(x, 20, 8)
    monkeypatch.setattr(typical, "EXACT", 1_000)
    monkeypatch.setattr(typical, "_JUDGED", 128)
    monkeypatch.setattr(typical, "_CELL", 256)
    rows, means = found(x, 20, 8)
    assert rows[:2].tolist() == exact[0][:2].tolist()
    assert (means >= exact[1] * (1 - 1e-6)).all()  # judged by the whole cluster, but not all rows are judged
    assert means == pytest.approx(exact[1], rel=0.03)
    copies, zero = found(np.ones((2_500, 3), dtype=np.float32), 20, 300)
    assert len(set(copies.tolist())) == 300
    assert (zero == 0).all()
