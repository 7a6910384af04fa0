"""Greedy sampling for regression: farthest first in features, in the predicted number, or in the product of both."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.ties import best, snapped

__all__ = ["farthest_number", "farthest_product", "nearest_to_mean"]

_CELLS = 1 << 19


def nearest_to_mean(geometry: Euclidean, keys: NDArray[np.uint64]) -> int:
    """The row nearest to the mean of all rows; among equals the one of lowest key."""
    levels = snapped(geometry.norms, 1e-5 if geometry.dtype == np.float32 else 1e-11)
    equal = np.flatnonzero(levels == levels.min())
    return int(equal[keys[equal].argmin()])


def farthest_number(
    y: NDArray[np.float64], known: NDArray[np.float64], n: int, keys: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Each pick is the row whose number is farthest from all known numbers and from those of the picks.

    Args:
        y: (N,) numbers.
        known: (L,) numbers that are covered; without any the first pick is the row nearest to the mean of y.
        n: how many, at most N.
        keys: (N,) tie keys.

    Returns:
        (n,) rows in order of choice, (n,) distances at the time of the pick (infinite for a first pick from nothing).
    """
    nearest = np.full(len(y), np.inf)
    if len(known):
        line = np.sort(known)
        right = np.searchsorted(line, y)
        above, below = line[np.minimum(right, len(line) - 1)], line[np.maximum(right - 1, 0)]
        nearest = np.minimum(np.abs(y - above), np.abs(y - below))
    rows, far = np.empty(n, dtype=np.int64), np.empty(n)
    free = np.ones(len(y), dtype=bool)
    for turn in range(n):
        row = _farthest(nearest, free, keys) if turn or len(known) else best(-np.abs(y - y.mean()), keys)
        rows[turn], far[turn], free[row] = row, nearest[row], False
        np.minimum(nearest, np.abs(y - y[row]), out=nearest)
    return rows, far


def farthest_product(
    h: NDArray[Any],
    y: NDArray[np.float64],
    known_h: NDArray[Any],
    known_y: NDArray[np.float64],
    n: int,
    keys: NDArray[np.uint64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Each pick has the largest least product |h - h_l| |y - y_l| over what is known or picked.

    Args:
        h: (N, D) features.
        y: (N,) predicted numbers; a pick counts with its own.
        known_h: (L, D).
        known_y: (L,); without any the first pick is the row nearest to the mean of h.
        n: how many, at most N.
        keys: (N,) tie keys.

    Returns:
        (n,) rows in order of choice, (n,) products at the time of the pick (infinite for a first pick from nothing).
    """
    geometry = Euclidean(h)
    least = np.full(geometry.size, np.inf)
    if len(known_y):
        _lower(least, geometry, y, geometry.shifted(known_h), known_y)
    rows, far = np.empty(n, dtype=np.int64), np.empty(n)
    free = np.ones(geometry.size, dtype=bool)
    for turn in range(n):
        row = _farthest(least, free, keys) if turn or len(known_y) else nearest_to_mean(geometry, keys)
        rows[turn], far[turn], free[row] = row, least[row], False
        _lower(least, geometry, y, geometry.gather(np.array([row])), y[[row]])
    return rows, far


def _farthest(nearest: NDArray[np.float64], free: NDArray[np.bool_], keys: NDArray[np.uint64]) -> int:
    left = np.flatnonzero(free)
    return int(left[best(nearest[left], keys[left])])


def _lower(
    least: NDArray[np.float64],
    geometry: Euclidean,
    y: NDArray[np.float64],
    points: NDArray[np.float64],
    numbers: NDArray[np.float64],
) -> None:
    """Lower ``least`` to the products with some points, in place."""
    step = max(16, _CELLS // max(len(points), geometry.x.shape[1]))
    for start in range(0, geometry.size, step):
        rows = slice(start, min(start + step, geometry.size))
        far = np.sqrt(geometry.pairs(geometry.shifted(geometry.x[rows]), points))
        far *= np.abs(y[rows, None] - numbers[None, :])
        least[rows] = np.minimum(least[rows], far.min(axis=1))
