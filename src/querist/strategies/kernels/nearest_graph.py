"""The graph of k nearest rows, exactly, ties included, in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.lengths import unit_rows

__all__ = ["nearest_graph"]

_ROWS = 256
_OFFSET = 0.3819660112501051


def nearest_graph(
    x: NDArray[Any], k: int, keys: NDArray[np.uint64], metric: str = "euclidean"
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The k nearest other rows of each row: (N, k) rows, in no order, and (N, k) distances or cosines.

    With fewer than k other rows, all of them. N^2 D operations, memory for N k and a block. Rows equally near (on a grid of
    relative width 1e-5) are taken by lowest key, so that the order of the rows plays no part.

    Args:
        x: (N, D) rows.
        k: how many.
        keys: (N,) tie keys.
        metric: "euclidean", nearest by distance, or "cosine", nearest by largest cosine.
    """
    n = len(x)
    k = min(k, n - 1)
    near, values = np.empty((n, k), dtype=np.int64), np.empty((n, k))
    if k < 1:
        return near, values
    rank = np.empty(n)
    rank[np.argsort(keys, kind="stable")] = np.arange(n) / n
    for rows, block, width in _blocks(x, metric):
        block[np.arange(len(block)), np.arange(rows.start, rows.stop)] = np.inf
        edge = np.partition(block, k - 1, axis=1)[:, k - 1]
        for at, line in enumerate(block):
            some = np.flatnonzero(line <= edge[at] + 2.0 * width)
            order = np.floor(line[some] / width + _OFFSET) + rank[some] if width > 0 else rank[some]
            some = some[np.argpartition(order, k - 1)[:k]]
            near[rows.start + at] = some
            values[rows.start + at] = line[some]
    return near, np.sqrt(np.maximum(values, 0.0)) if metric == "euclidean" else -values


def _blocks(x: NDArray[Any], metric: str) -> Iterator[tuple[slice, NDArray[Any], float]]:
    """Rows, their squared distances (or cosines, negative) to all rows, and the width of the grid."""
    n = len(x)
    if metric == "cosine":
        units: NDArray[Any] = unit_rows(x).astype(np.float32 if x.dtype == np.float32 else np.float64)
        for start in range(0, n, _ROWS):
            yield (
                slice(start, min(start + _ROWS, n)),
                np.negative(np.matmul(units[start : start + _ROWS], units.T)),
                1e-5,
            )
        return
    geometry = Euclidean(x)
    points = geometry.gather(np.arange(n)).astype(geometry.dtype)
    width = 1e-5 * float(geometry.norms.max(initial=0.0))
    for start in range(0, n, _ROWS):
        rows = slice(start, min(start + _ROWS, n))
        d = points[rows] @ points.T
        d *= -2.0
        d += geometry.norms
        d += geometry.norms[rows, None]
        yield rows, d, width
