"""Density in a graph of nearest neighbours, lowered around each pick."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.look_ahead import nearest_points

__all__ = ["dense_first", "neighbour_graph"]

_DIGITS = 9


def neighbour_graph(x: NDArray[np.float64], k: int, gamma: float | None) -> Any:
    """(N, N) CSR array: weights exp(-gamma d) between rows of which one is among the k nearest of the other.

    Args:
        x: (N, D) points.
        k: neighbours of each.
        gamma: per unit of distance; None for 1 / (mean distance along the edges).
    """
    from scipy.sparse import csr_array

    near = nearest_points(x, x[:0], k)
    rows = np.repeat(np.arange(len(x)), near.shape[1])
    columns = near.reshape(-1)
    distances = np.sqrt(np.square(x[rows] - x[columns]).sum(axis=1))
    if gamma is None:
        gamma = 1.0 / (float(distances.mean()) or 1.0) if len(distances) else 1.0
    one = csr_array((np.exp(-gamma * distances), (rows, columns)), shape=(len(x), len(x)))
    return csr_array(one.maximum(one.T))


def dense_first(graph: Any, known: int, n: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """n rows, each of highest density, what it has (at least 0) being taken off its neighbours.

    The density of a row is the mean weight of its edges. The last ``known`` rows count as chosen before, densest first.

    Source: Ebert, Fritz and Schiele, RALF: A Reinforced Active Learning Formulation for Object Class Recognition, 2012.

    Args:
        graph: (N + known, N + known) CSR array from `neighbour_graph`.
        known: how many of the last rows are not to be chosen.
        n: how many, at most N.

    Returns:
        (n,) rows in order of choice, the lowest among equals, and (n,) densities at the time of the pick.
    """
    counts = np.diff(graph.indptr)
    density = np.asarray(graph.sum(axis=1), dtype=np.float64).reshape(-1) / np.maximum(counts, 1)
    size = len(density) - known
    rows, heights = [], []
    for part, picks in ((slice(size, len(density)), known), (slice(0, size), n)):
        free = np.zeros(len(density), dtype=bool)
        free[part] = True
        for _ in range(picks):
            levels = np.where(free, np.round(density, _DIGITS), -np.inf)
            row = int(levels.argmax())
            free[row] = False
            if part.start == 0:
                rows.append(row)
                heights.append(float(density[row]))
            density[graph.indices[graph.indptr[row] : graph.indptr[row + 1]]] -= max(float(density[row]), 0.0)
    return np.array(rows, dtype=np.int64), np.array(heights)
