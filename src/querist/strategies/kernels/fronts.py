"""Fronts of rows that none beats in both of two numbers, by sorting: O(N log N)."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["fronts"]


def fronts(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.int64]:
    """The front of each row: 0 for rows that no row dominates, 1 for those that only rows of front 0 dominate, and so on.

    A row dominates another when it is at least as high in both numbers and higher in one. Equal rows share their front.

    Source: Jensen, Reducing the Run-Time Complexity of Multiobjective EAs, 2003, the case of two objectives.

    Args:
        a: (N,) numbers, higher is better.
        b: (N,) numbers, higher is better.

    Returns:
        (N,) int64.
    """
    pairs, where = np.unique(np.column_stack([a, b]), axis=0, return_inverse=True)
    front = np.empty(len(pairs), dtype=np.int64)
    # From the highest a on (of equal a, the highest b first), a row is dominated by a front exactly when the front's
    # highest b so far is at least its own. Those maxima never rise from front to front: a binary search finds the first
    # front without a dominating row. They are held with a minus, so that they are in ascending order.
    lowest: list[float] = []
    for row in range(len(pairs) - 1, -1, -1):
        own = -float(pairs[row, 1])
        place = bisect_right(lowest, own)
        front[row] = place
        if place == len(lowest):
            lowest.append(own)
        else:
            lowest[place] = own
    return front[where.reshape(-1)]
