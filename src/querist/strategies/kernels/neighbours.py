"""Mean distance to the k nearest other rows, exactly, in blocks of products."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.geometry import Euclidean

__all__ = ["mean_distance_to_nearest"]

_BLOCK = 512
_COLUMNS = 4096


def mean_distance_to_nearest(x: NDArray[Any], k: int) -> NDArray[np.float64]:
    """(N,) mean Euclidean distance of each row to its k nearest other rows; to all others when there are fewer.

    N^2 D operations in blocks; memory for one block of rows and k distances a row.
    """
    n = len(x)
    k = min(k, n - 1)
    if k < 1:
        return np.zeros(n)
    geometry = Euclidean(x)
    out = np.empty(n)
    for start in range(0, n, _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, n))
        block = geometry.gather(rows).astype(geometry.dtype)
        best: NDArray[Any] | None = None
        for other in range(0, n, _COLUMNS):
            columns = slice(other, min(other + _COLUMNS, n))
            product = block @ geometry._block(columns).T
            d = geometry.norms[rows][:, None] - 2.0 * product + geometry.norms[columns][None, :]
            own = (rows >= columns.start) & (rows < columns.stop)
            d[np.flatnonzero(own), rows[own] - columns.start] = np.inf
            joined = d if best is None else np.concatenate([best, d], axis=1)
            best = np.partition(joined, min(k, joined.shape[1]) - 1, axis=1)[:, :k]
        assert best is not None
        lengths = geometry.norms[rows][:, None]
        best[best < geometry.slack * 2 * lengths] = 0.0
        out[rows] = np.sqrt(np.maximum(best, 0.0).astype(np.float64)).mean(axis=1)
    return out
