"""Greedy choice of items whose expected classes fill up what a balanced set lacks.

The cost of an item is - score + weight * sum over classes of |r_c - p_c|, r being what is still lacking. As p lies in
[0, 1], a term is linear in p once r_c is at least 1 or at most 0: those are kept in one running sum, and only the few
classes between are worked anew for each pick.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["balanced_greedy"]


def balanced_greedy(
    probs: NDArray[Any],
    scores: NDArray[np.float64] | None,
    lacking: NDArray[np.float64],
    weight: float,
    n: int,
    keys: NDArray[np.uint64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """n rows, each of least cost given the ones before.

    Source: Bengar, van de Weijer, Lopez Fuentes and Raducanu, Class-Balanced Active Learning for Image Classification,
    2022 (the greedy form of their equation).

    Args:
        probs: (N, C) probabilities.
        scores: (N,) ratings, or None for none.
        lacking: (C,) how many items of each class are lacking.
        weight: of the balance beside the score.
        n: how many, at most N.
        keys: (N,) tie keys.

    Returns:
        (n,) rows in order of choice, and (n,) sums of |r_c - p_c| with each pick.
    """
    columns = np.ascontiguousarray(probs.T)
    size = len(probs)
    rest = lacking.astype(np.float64).copy()
    linear = np.zeros(size)
    signs = np.zeros(len(rest))  # of the terms in the running sum; 0 for the others
    rating = np.zeros(size) if scores is None else np.asarray(scores, dtype=np.float64)
    free = np.ones(size, dtype=bool)
    rows, totals = [], []
    for _ in range(n):
        now = np.where(rest >= 1.0, -1.0, np.where(rest <= 0.0, 1.0, 0.0))
        for c in np.flatnonzero(now != signs):
            linear += (now[c] - signs[c]) * columns[c]
        signs = now
        total = linear - (signs @ rest)
        for c in np.flatnonzero(signs == 0):
            total += np.abs(rest[c] - columns[c])
        cost = np.where(free, weight * total - rating, np.inf)
        equal = np.flatnonzero(cost == cost.min())
        row = int(equal[keys[equal].argmin()])
        free[row] = False
        rows.append(row)
        totals.append(float(total[row]))
        rest -= columns[:, row]
    return np.array(rows, dtype=np.int64), np.array(totals)
