"""The k nearest rows of a pool to each of some points, exactly, in blocks of products.

The products only rule rows out: what may be among the nearest is measured again by differences in float64, so that
neither the blocking, nor the order of the pool, nor float32 decides. Equal distances are settled by the key.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.geometry import Euclidean

__all__ = ["nearest_rows"]

_POINTS = 256
_ROWS = 4096
_NUMBERS = 1 << 20
"""Numbers in a block of differences."""


def nearest_rows(
    x: NDArray[Any], points: NDArray[Any], k: int, keys: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The k nearest rows of ``x`` to each point.

    Args:
        x: (N, D) the pool, in memory or memory-mapped; not changed.
        points: (M, D).
        k: how many; N when there are fewer.
        keys: (N,) tie keys.

    Returns:
        (M, k) int64 rows, nearest first, and (M, k) squared Euclidean distances. M N D operations in blocks; memory for
        one block of products and k rows a point.
    """
    k = min(k, len(x))
    with np.errstate(over="ignore", invalid="ignore"):
        geometry = Euclidean(x)
    rows = np.empty((len(points), k), dtype=np.int64)
    squared = np.empty((len(points), k))
    for start in range(0, len(points), _POINTS):
        some = slice(start, start + _POINTS)
        with np.errstate(over="ignore", invalid="ignore"):  # products that overflow rule nothing out
            rows[some], squared[some] = _chunk(geometry, np.asarray(points[some], dtype=np.float64), k, keys)
    return rows, squared


def _chunk(
    geometry: Euclidean, points: NDArray[np.float64], k: int, keys: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    shifted = geometry.shifted(points)
    scaled = np.asarray(-2.0 * shifted, dtype=geometry.dtype)
    lengths = np.square(shifted).sum(axis=1)
    error = (16.0 + np.sqrt(points.shape[1])) * float(np.finfo(geometry.dtype).eps)
    owner, row, distance = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)
    limit = np.full(len(points), np.inf)
    for begin in range(0, geometry.size, _ROWS):
        columns = slice(begin, min(begin + _ROWS, geometry.size))
        norms = geometry.norms[columns].astype(np.float64)
        low = geometry.products(columns, scaled).astype(np.float64)
        low += norms[None, :] + lengths[:, None]
        slack = error * (norms[None, :] + lengths[:, None])
        if begin == 0:  # nothing is known yet: the k-th of the block, taken as high as it may be
            near = min(k, low.shape[1])
            limit = np.partition(low + slack, near - 1, axis=1)[:, near - 1] if near == k else limit
        low -= slack
        found, column = np.nonzero(~(low > limit[:, None]))  # not-a-number stays
        if len(found) == 0:
            continue
        fresh = column + begin
        owner = np.concatenate([owner, found])
        row = np.concatenate([row, fresh])
        distance = np.concatenate([distance, _squared(geometry.x, points, found, fresh)])
        order = np.lexsort((keys[row], distance, owner))
        owner, row, distance = owner[order], row[order], distance[order]
        firsts = np.searchsorted(owner, np.arange(len(points)))
        place = np.arange(len(owner)) - firsts[owner]
        keep = place < k
        owner, row, distance, place = owner[keep], row[keep], distance[keep], place[keep]
        full = place == k - 1
        limit = np.full(len(points), np.inf)
        limit[owner[full]] = distance[full]
    return row.reshape(len(points), k), distance.reshape(len(points), k)


def _squared(
    x: NDArray[Any], points: NDArray[np.float64], owner: NDArray[np.int64], rows: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Squared distances of pairs, by differences."""
    out = np.empty(len(rows))
    step = max(1, _NUMBERS // max(points.shape[1], 1))
    for start in range(0, len(rows), step):
        some = slice(start, start + step)
        difference = np.asarray(x[rows[some]], dtype=np.float64) - points[owner[some]]
        out[some] = np.square(difference, out=difference).sum(axis=1)
    return out
