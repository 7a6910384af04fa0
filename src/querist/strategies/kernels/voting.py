"""Greedy picks on a graph of nearest rows: votes that fade, and densities that neighbours take away."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["dense_picks", "vote_picks"]

Picked = tuple[NDArray[np.int64], NDArray[np.float64]]
_SLACK = 1e-9


def vote_picks(near: NDArray[np.int64], pool: int, n: int, rho: float, keys: NDArray[np.uint64]) -> Picked:
    """Each pick has the largest sum over its voters, chosen ones left out, of rho^-(chosen rows that they voted for).

    Row i votes for the rows ``near[i]``. The first ``pool`` rows may be picked; those behind count as chosen before.

    Source: Su et al., Selective Annotation Makes Language Models Better Few-Shot Learners, 2023, algorithm 1, step 1.

    Args:
        near: (N, k) rows voted for.
        pool: rows that may be picked.
        n: how many, at most ``pool``.
        rho: above 1.
        keys: (pool,) tie keys.

    Returns:
        (n,) rows in order, and (n,) sums at the time of the pick.
    """
    from scipy.sparse import csr_array  # loaded by whom needs it: it takes megabytes

    size, k = near.shape
    voters = csr_array((np.ones(size * k), (near.reshape(-1), np.repeat(np.arange(size), k))), (size, size))
    weight = np.ones(size)
    votes = np.bincount(near.reshape(-1), minlength=size).astype(np.float64)
    open_ = np.arange(size) < pool

    def choose(row: int) -> None:
        own = voters.indices[voters.indptr[row] : voters.indptr[row + 1]]
        fall = weight[own] * (1.0 - 1.0 / rho)
        np.subtract.at(votes, near[own].reshape(-1), np.repeat(fall, k))
        weight[own] -= fall
        votes[near[row]] -= weight[row]  # a chosen row votes no more
        weight[row] = 0.0

    for row in range(pool, size):
        choose(row)
    rows: list[int] = []
    sums: list[float] = []
    while len(rows) < n:
        best = float(votes[open_].max())
        equal = np.flatnonzero(open_ & (votes >= best - _SLACK))
        row = int(equal[keys[equal].argmin()])
        rows.append(row)
        sums.append(max(best, 0.0))
        open_[row] = False
        choose(row)
    return np.array(rows, dtype=np.int64), np.array(sums)


def dense_picks(
    near: NDArray[np.int64], weights: NDArray[np.float64], pool: int, n: int, keys: NDArray[np.uint64]
) -> Picked:
    """Each pick has the largest density, the mean weight of its edges, which is then taken from its neighbours.

    The graph is made symmetric. The first ``pool`` rows may be picked; those behind have taken their density from their
    neighbours before.

    Source: Ebert, Fritz and Schiele, RALF: A Reinforced Active Learning Formulation for Object Class Recognition, 2012,
    equations 4 and 5.

    Args:
        near: (N, k) neighbours.
        weights: (N, k) of the edges, above 0.
        pool: rows that may be picked.
        n: how many, at most ``pool``.
        keys: (pool,) tie keys.

    Returns:
        (n,) rows in order, and (n,) densities at the time of the pick.
    """
    from scipy.sparse import csr_array

    size, k = near.shape
    one_way: Any = csr_array((weights.reshape(-1), (np.repeat(np.arange(size), k), near.reshape(-1))), (size, size))
    graph = csr_array(one_way.maximum(one_way.T))
    counts = np.diff(graph.indptr)
    density = np.asarray(graph.sum(axis=1), dtype=np.float64) / np.maximum(counts, 1)
    start = density.copy()
    open_ = np.arange(size) < pool
    for row in range(pool, size):
        density[graph.indices[graph.indptr[row] : graph.indptr[row + 1]]] -= start[row]
    rows: list[int] = []
    values: list[float] = []
    while len(rows) < n:
        best = float(density[open_].max())
        equal = np.flatnonzero(open_ & (density >= best - _SLACK * max(1.0, abs(best))))
        row = int(equal[keys[equal].argmin()])
        rows.append(row)
        values.append(float(density[row]))
        open_[row] = False
        density[graph.indices[graph.indptr[row] : graph.indptr[row + 1]]] -= density[row]
    return np.array(rows, dtype=np.int64), np.array(values)
