"""Draws by uncertainty and by distance between predictions, one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.blocks import blocks

__all__ = ["draw_by_relevance", "lower_by_prediction"]


def lower_by_prediction(nearest: NDArray[np.float64], p: NDArray[Any], row: int) -> None:
    """Lower (N,) ``nearest`` in place to the sum of absolute differences between each row of ``p`` and row ``row``."""
    picked = np.asarray(p[row], dtype=np.float64)
    for rows, block in blocks(p):
        away = np.abs(block - picked.astype(block.dtype)).sum(axis=1, dtype=np.float64)
        np.minimum(nearest[rows], away, out=nearest[rows])


def draw_by_relevance(
    p: NDArray[Any], uncertainty: NDArray[np.float64], gamma: float, n: int, generator: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Draw n rows without return, each in proportion to (uncertainty + distance scaled to [0, 1])^gamma.

    The distance of a row is its uncertainty at first, and falls to the sum of absolute differences between its
    prediction and that of the nearest row drawn; it is scaled by the smallest and the largest among the rows left. When
    all distances are 0, uniformly among the rows left.

    Returns:
        (n,) rows in order, (n,) relevance at the draw (uncertainty + scaled distance), and (n,) distance at the draw.
    """
    nearest = np.asarray(uncertainty, dtype=np.float64).copy()
    left = np.arange(len(nearest))
    rows, values, distances = np.empty(n, dtype=np.int64), np.empty(n), np.empty(n)
    for turn in range(n):
        d = nearest[left]
        low, high = float(d.min()), float(d.max())
        scaled = (d - low) / (high - low) if high > low else np.zeros(len(d))
        relevance = scaled + uncertainty[left]
        weights = np.ones(len(d))
        if high > 0:
            with np.errstate(divide="ignore"):
                weights = np.exp(gamma * (np.log(relevance) - np.log(relevance.max()))) if gamma else weights
        edges = np.cumsum(weights)
        place = min(int(np.searchsorted(edges, generator.random() * edges[-1], side="right")), len(left) - 1)
        rows[turn], values[turn], distances[turn] = left[place], relevance[place], d[place]
        left = np.delete(left, place)
        if turn + 1 < n:
            lower_by_prediction(nearest, p, int(rows[turn]))
    return rows, values, distances
