"""The k nearest rows of a pool to each of some points, exactly, in blocks of products.

The products only rule rows out: what may be among the nearest is measured again by differences in float64, so that
neither the blocking, nor the order of the pool, nor float32 decides. Equal distances are settled by the key. Each block of
the pool is read twice in all, once for the mean and once for the distances to all points.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["nearest_rows"]

_POINTS = 256
_ROWS = 4096
_NUMBERS = 1 << 20
"""Numbers in a block of differences."""


def nearest_rows(
    x: Any, points: Any, k: int, keys: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The k nearest rows of ``x`` to each point.

    Args:
        x: (N, D) the pool, in memory, memory-mapped or whatever hands out its rows as NumPy blocks; not changed.
        points: (M, D).
        k: how many; N when there are fewer.
        keys: (N,) tie keys.

    Returns:
        (M, k) int64 rows, nearest first, and (M, k) squared Euclidean distances. M N D operations in blocks; memory for
        one block of products and k rows a point.
    """
    k = min(k, len(x))
    dtype = np.dtype(np.float32 if x.dtype.kind == "f" and x.dtype.itemsize <= 4 else np.float64)
    wide = np.asarray(points, dtype=np.float64)
    total = np.zeros(x.shape[1])
    for begin in range(0, len(x), _ROWS):
        total += np.asarray(x[begin : begin + _ROWS]).sum(axis=0, dtype=np.float64)
    shift = (total / max(len(x), 1)).astype(dtype)  # little is then lost to cancellation
    chunks = [_Nearest(wide[start : start + _POINTS], k, keys, shift) for start in range(0, len(wide), _POINTS)]
    with np.errstate(over="ignore", invalid="ignore"):  # products that overflow rule nothing out
        for begin in range(0, len(x), _ROWS):
            block = np.asarray(x[begin : begin + _ROWS])
            shifted = np.subtract(block, shift, dtype=dtype)
            norms = np.einsum("nd,nd->n", shifted, shifted)
            for chunk in chunks:
                chunk.take(block, shifted, norms, begin)
    if not chunks:
        return np.empty((0, k), dtype=np.int64), np.empty((0, k))
    return np.concatenate([c.row.reshape(-1, k) for c in chunks]), np.concatenate(
        [c.distance.reshape(-1, k) for c in chunks]
    )


class _Nearest:
    """The nearest rows so far to some points: flat, in order of point and distance.

    Args:
        points: (m, D) float64.
        k: rows a point.
        keys: (N,) tie keys.
        shift: (D,) what is subtracted before products.
    """

    def __init__(self, points: NDArray[np.float64], k: int, keys: NDArray[np.uint64], shift: NDArray[Any]) -> None:
        self.points, self.k, self.keys = points, k, keys
        self.owner, self.row, self.distance = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)
        self.limit = np.full(len(points), np.inf)
        """(m,) squared distance of the k-th row, where there are k"""
        centres = points - shift
        self._scaled = np.asarray(-2.0 * centres, dtype=shift.dtype)
        self._lengths = np.square(centres).sum(axis=1)
        self._error = (24.0 + np.sqrt(points.shape[1])) * float(np.finfo(shift.dtype).eps)

    def take(self, block: NDArray[Any], shifted: NDArray[Any], norms: NDArray[Any], begin: int) -> None:
        """Look at a block of rows, the first of which is row ``begin``."""
        # |x - c|^2 is at least product + (1 - error) (|x|^2 + |c|^2), and at most that with (1 + error)
        table = self._scaled @ shifted.T
        if begin == 0 and self.k <= len(block):  # nothing is known yet: the k-th of the block, as high as it may be
            high = table + (1.0 + self._error) * norms
            high[~np.isfinite(high)] = np.inf  # a product that overflows is no bound from above
            self.limit = np.partition(high, self.k - 1, axis=1)[:, self.k - 1] + (1.0 + self._error) * self._lengths
        table += (1.0 - self._error) * norms
        bound = self.limit - (1.0 - self._error) * self._lengths + self._error * self.limit
        out = table > bound.astype(table.dtype)[:, None]  # not-a-number stays
        if self._overflows(norms):
            out &= np.isfinite(table)
        owner, column = np.nonzero(~out)
        if len(owner) == 0:
            return
        self.owner = np.concatenate([self.owner, owner])
        self.row = np.concatenate([self.row, column + begin])
        self.distance = np.concatenate([self.distance, self._squared(block, owner, column)])
        order = np.lexsort((self.keys[self.row], self.distance, self.owner))
        ordered = self.owner[order]
        place = np.arange(len(ordered)) - np.searchsorted(ordered, np.arange(len(self.points)))[ordered]
        order, place = order[place < self.k], place[place < self.k]
        self.owner, self.row, self.distance = self.owner[order], self.row[order], self.distance[order]
        full = place == self.k - 1
        self.limit = np.full(len(self.points), np.inf)
        self.limit[self.owner[full]] = self.distance[full]

    def _overflows(self, norms: NDArray[Any]) -> bool:
        """Whether a product may have overflowed: it then rules nothing out."""
        longest = float(norms.max(initial=0.0)), float(self._lengths.max(initial=0.0))
        most = longest[0] + 2.0 * np.sqrt(longest[0]) * np.sqrt(longest[1])
        return not most < 0.5 * float(np.finfo(norms.dtype).max)

    def _squared(self, block: NDArray[Any], owner: NDArray[np.int64], column: NDArray[np.int64]) -> NDArray[np.float64]:
        """Squared distances of pairs, by differences."""
        out = np.empty(len(owner))
        step = max(1, _NUMBERS // max(self.points.shape[1], 1))
        for start in range(0, len(owner), step):
            some = slice(start, start + step)
            difference = block[column[some]].astype(np.float64) - self.points[owner[some]]
            out[some] = np.square(difference, out=difference).sum(axis=1)
        return out
