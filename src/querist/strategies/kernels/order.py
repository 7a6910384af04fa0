"""The highest of many numbers, ties settled by key."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["top"]

_BLOCK = 1 << 16


def top(values: NDArray[Any], n: int, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The n rows of highest value, best first; among equals the lowest key comes first.

    Args:
        values: (N,) numbers, no NaN.
        n: how many, 1 <= n <= N.
        keys: (N,) tie keys.

    Returns:
        (n,) int64 rows. Linear in N but for the n chosen, whatever the number of ties; nothing as long as ``values`` is
        copied, and ``keys`` are read for ties and the n chosen only.
    """
    size = len(values)
    if n >= size:
        candidates = np.arange(size)
    else:
        threshold = _highest(values, n)
        above, level = np.flatnonzero(values > threshold), np.flatnonzero(values == threshold)
        candidates = np.concatenate([above, _lowest_keys(level, n - len(above), keys)])
    order = np.lexsort((keys[candidates], -values[candidates].astype(np.float64)))
    return candidates[order[:n]].astype(np.int64)


def _highest(values: NDArray[Any], n: int) -> Any:
    """The n-th highest value, from one pass in blocks that keeps no more than it must."""
    held: list[NDArray[Any]] = []
    count, threshold = 0, None
    for start in range(0, len(values), _BLOCK):
        block = values[start : start + _BLOCK]
        held.append(block if threshold is None else block[block > threshold])
        count += len(held[-1])
        if count >= (n if threshold is None else max(4 * n, _BLOCK)):
            joined = np.concatenate(held)
            held, count = [np.partition(joined, count - n)[-n:]], n
            threshold = held[0][0]
    return np.partition(np.concatenate(held), count - n)[count - n]


def _lowest_keys(rows: NDArray[np.int64], n: int, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The n of the rows with the lowest keys, in no order; among equal keys the first rows."""
    if n >= len(rows):
        return rows
    mine = keys[rows]
    last = np.partition(mine, n - 1)[n - 1]
    below = np.flatnonzero(mine < last)
    return np.asarray(rows[np.concatenate([below, np.flatnonzero(mine == last)[: n - len(below)]])])
