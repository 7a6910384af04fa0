"""Mean distance to the k nearest other rows, exactly, in blocks of products."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.products import fast, share

__all__ = ["mean_distance_to_nearest"]

_BLOCK = 256
_COLUMNS = 4096


def mean_distance_to_nearest(x: NDArray[Any], k: int) -> NDArray[np.float64]:
    """(N,) mean Euclidean distance of each row to its k nearest other rows; to all others when there are fewer.

    N^2 D operations in blocks; memory for one block of rows and k distances a row. After the first columns only those
    nearer than the k-th so far are looked at again, and they soon are few.
    """
    n = len(x)
    k = min(k, n - 1)
    if k < 1:
        return np.zeros(n)
    geometry = Euclidean(x)
    way = fast(geometry.dtype, 2.0 * n * n * geometry.width)
    out = np.empty(n)

    def work(rows: slice) -> None:
        block = (-2.0 * geometry.factors(rows)[0],)
        best: NDArray[Any] | None = None
        for start in range(0, n, _COLUMNS):
            columns = slice(start, min(start + _COLUMNS, n))
            table = way.table(block, way.chunk(geometry.factors(columns), geometry.norms[columns]))  # |y|^2 - 2 x.y
            own = np.arange(max(rows.start, columns.start), min(rows.stop, columns.stop))
            table[own - rows.start, own - columns.start] = np.inf
            best = _merge(best, table, k)
        assert best is not None
        norms = geometry.norms[rows, None]
        best = best + norms
        best[best < 2 * geometry.slack * norms] = 0.0
        out[rows] = np.sqrt(best.astype(np.float64)).mean(axis=1)

    share(way, (slice(s, min(s + _BLOCK, n)) for s in range(0, n, _BLOCK)), work)
    return out


def _merge(best: NDArray[Any] | None, table: NDArray[Any], k: int) -> NDArray[Any]:
    """The k smallest of each row of ``best`` (n, <= k) and ``table`` (n, m) together."""
    if best is None or best.shape[1] < k:
        joined = table if best is None else np.concatenate([best, table], axis=1)
        return np.asarray(np.partition(joined, k - 1, axis=1)[:, :k] if joined.shape[1] > k else joined)
    row, column = np.nonzero(table < best.max(axis=1)[:, None])
    if len(row) == 0:
        return best
    counts = np.bincount(row, minlength=len(best))
    most = int(counts.max())
    touched = np.flatnonzero(counts)
    wide = np.full((len(touched), k + most), np.inf, dtype=best.dtype)
    wide[:, :k] = best[touched]
    place = np.arange(len(row)) - (np.cumsum(counts) - counts)[row]
    wide[np.searchsorted(touched, row), k + place] = table[row, column]
    best[touched] = np.partition(wide, k - 1, axis=1)[:, :k]
    return best
