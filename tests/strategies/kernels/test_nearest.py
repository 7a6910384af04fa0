"""Nearest rows against sorting all distances."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from querist.core.seeds import id_hashes
from querist.strategies.kernels import nearest
from querist.strategies.kernels.nearest import nearest_rows


def by_sorting(x: NDArray[Any], points: NDArray[Any], k: int, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    rows = []
    for point in points.astype(np.float64):
        squared = np.square(x.astype(np.float64) - point).sum(axis=1)
        rows.append(np.lexsort((keys, squared))[:k])
    return np.array(rows).reshape(len(points), min(k, len(x)))


def test_on_a_line() -> None:
    x = np.array([[0.0], [1.0], [4.0], [10.0]])
    rows, squared = nearest_rows(x, np.array([[0.9], [8.0]]), 2, id_hashes(4))
    assert rows.tolist() == [[1, 0], [3, 2]]
    assert squared == pytest.approx(np.array([[0.01, 0.81], [4.0, 16.0]]))


@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 90),
    m=st.integers(1, 12),
    k=st.integers(1, 100),
    d=st.integers(1, 5),
    kind=st.sampled_from(["normal", "tied", "constant", "far", "huge"]),
    dtype=st.sampled_from([np.float32, np.float64]),
)
@settings(max_examples=40, deadline=None)
@example(seed=33, n=9, m=2, k=1, d=3, kind="huge", dtype=np.float32)  # a product overflowed to minus infinity
def test_like_sorting_all_distances(seed: int, n: int, m: int, k: int, d: int, kind: str, dtype: Any) -> None:
    rng = np.random.default_rng(seed)
    x, points = rng.normal(size=(n, d)), rng.normal(size=(m, d))
    if kind == "tied":
        x, points = np.round(x), np.round(points)
    elif kind == "constant":
        x = np.ones((n, d))
    elif kind == "far":
        x, points = x * 1e-3 + 1000.0, points * 1e-3 + 1000.0
    elif kind == "huge":
        x, points = x * 1e25, points * 1e25  # squares overflow float32
    x, points = x.astype(dtype), points.astype(dtype)
    keys = id_hashes(n)
    with pytest.MonkeyPatch.context() as patch:  # small blocks, so that they meet
        patch.setattr(nearest, "_ROWS", 7)
        patch.setattr(nearest, "_POINTS", 5)
        rows, squared = nearest_rows(x, points, k, keys)
    assert rows.tolist() == by_sorting(x, points, k, keys).tolist()
    gaps = x[rows].astype(np.float64) - points.astype(np.float64)[:, None]
    assert squared == pytest.approx(np.square(gaps).sum(axis=2), rel=1e-12)


def test_neighbours_nearer_than_float32_can_tell_from_products() -> None:
    x = np.array([[1000.0], [1000.001], [-1000.0]], dtype=np.float32)
    rows, _ = nearest_rows(x, np.array([[1000.001]], dtype=np.float32), 1, id_hashes(3))
    assert rows.tolist() == [[1]]


def test_memory_maps_and_no_points(tmp_path: Any) -> None:
    x = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert (
        nearest_rows(mapped, x[:4], 3, id_hashes(50))[0].tolist()
        == nearest_rows(x, x[:4], 3, id_hashes(50))[0].tolist()
    )
    assert nearest_rows(x, x[:0], 3, id_hashes(50))[0].shape == (0, 3)
