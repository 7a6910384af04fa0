"""The highest of many numbers, ties settled by key."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["top"]


def top(values: NDArray[Any], n: int, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The n rows of highest value, best first; among equals the lowest key comes first.

    Args:
        values: (N,) numbers, no NaN.
        n: how many, 1 <= n <= N.
        keys: (N,) tie keys.

    Returns:
        (n,) int64 rows. Linear in N but for the n chosen.
    """
    size = len(values)
    if n < size:
        threshold = np.partition(values, size - n)[size - n]
        candidates = np.flatnonzero(values >= threshold)
    else:
        candidates = np.arange(size)
    order = np.lexsort((keys[candidates], -values[candidates].astype(np.float64)))
    return candidates[order[:n]].astype(np.int64)
