"""Diversified influence maximisation by lazy greedy: cover the graph and the features at once.

Both objectives are monotone and submodular: a node's gain only falls as others are chosen, so an old gain is a bound,
and only nodes whose bound reaches the best fresh gain are looked at again, a block at a time.

Source: Zhang, Yang, Wang, Shen, Li, Wang and Cui, Grain: Improving Data Efficiency of Graph Neural Networks via
Diversified Influence Maximization, 2021.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.order import top

__all__ = ["BallCoverage", "Coverage", "NearestCoverage", "lazy_greedy", "longest"]

_BLOCK = 32
_CELLS = 1 << 21
_DIGITS = 9
_MOST_PAIRS = 1 << 27


class Coverage(ABC):
    """What has been covered so far, and what a node would add."""

    @abstractmethod
    def bounds(self) -> NDArray[np.float64]:
        """(N,) numbers that no node's gain is above."""

    @abstractmethod
    def gains(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """(m,) gains of some nodes now."""

    @abstractmethod
    def add(self, row: int) -> None:
        """Choose a node."""


def lazy_greedy(
    coverage: Coverage, n: int, free: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(n,) rows in order of choice, each of largest gain, and their gains; the lowest row among equals.

    Gains that differ by less than rounding are equal.

    Args:
        coverage: what has been covered so far.
        n: how many, at most as many as may be chosen.
        free: (N,) which rows may be chosen; None for all.
    """
    bound = np.round(coverage.bounds(), _DIGITS)
    free = np.ones(len(bound), dtype=bool) if free is None else free.copy()
    slack = 2.0 * 10.0**-_DIGITS
    picked, gains = [], []
    for _ in range(n):
        stale = free.copy()
        row, best = len(bound), -np.inf
        while True:
            # Only what may be better, or as good and in a lower row, is looked at; the likeliest first.
            waiting = np.flatnonzero(stale & (bound > best + slack))
            if not len(waiting):
                waiting = np.flatnonzero(stale[:row] & (bound[:row] >= best - slack))
            if not len(waiting):
                break
            if len(waiting) > _BLOCK:
                waiting = waiting[top(bound[waiting], _BLOCK, waiting.astype(np.uint64))]
            bound[waiting] = np.round(coverage.gains(waiting), _DIGITS)
            stale[waiting] = False
            high = float(bound[waiting].max())
            if high >= best:
                first = int(waiting[bound[waiting] == high].min())
                row, best = (min(row, first) if high == best else first), high
        free[row] = False
        coverage.add(row)
        picked.append(row)
        gains.append(best)
    return np.array(picked, dtype=np.int64), np.array(gains)


def longest(geometry: Euclidean) -> float:
    """The largest distance between two points, exactly, in blocks; 1 when all are alike."""
    points = geometry.gather(np.arange(geometry.size))
    most = max((float(geometry.pairs(points[rows], points).max()) for rows in _blocks(geometry.size)), default=0.0)
    return float(np.sqrt(most)) or 1.0


class NearestCoverage(Coverage):
    """NN-D: share of nodes that are reached, plus gamma times how near all nodes are to the chosen ones.

    F(S) = |reach(S)| / N + gamma / N sum over v of (1 - min over S of d(v, s)), distances in units of the longest.

    Args:
        reach: (N, N) CSR array of truth values, the nodes that each node reaches.
        geometry: the features.
        gamma: weight of the second part.
        nearest: (N,) distances to what was chosen before, in units of the longest; 1 where there is none.
        unit: the longest distance.
    """

    def __init__(
        self, reach: Any, geometry: Euclidean, gamma: float, nearest: NDArray[np.float64], unit: float
    ) -> None:
        self.reach, self.gamma, self.unit = reach, gamma, unit
        self.points = geometry.gather(np.arange(geometry.size))
        self.geometry = geometry
        self.nearest = nearest.copy()
        self.missed = np.ones(geometry.size, dtype=bool)

    def bounds(self) -> NDArray[np.float64]:
        """The gains of all nodes at the start."""
        return np.concatenate([self.gains(np.arange(r.start, r.stop)) for r in _blocks(self.geometry.size)])

    def gains(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """(m,) from 0 to 1 + gamma."""
        closer = self.nearest - np.sqrt(self.geometry.pairs(self.points[rows], self.points)) / self.unit
        near = np.maximum(closer, 0.0).sum(axis=1)
        return np.asarray((self.reached(rows) + self.gamma * near) / self.geometry.size)

    def reached(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """(m,) nodes that would be reached first."""
        return _counts(self.reach, rows, self.missed)

    def add(self, row: int) -> None:
        """Mark what it reaches, lower the distances."""
        self.missed[_row(self.reach, row)] = False
        away = np.sqrt(self.geometry.pairs(self.points[row : row + 1], self.points)[0]) / self.unit
        np.minimum(self.nearest, away, out=self.nearest)


class BallCoverage(Coverage):
    """Ball-D: share of nodes that lie within a radius of a node that is reached.

    F(S) = |union of the balls around reach(S)| / N. The balls are kept as a sparse matrix.

    Args:
        reach: (N, N) CSR array of truth values, the nodes that each node reaches.
        balls: (N, N) CSR array of truth values, from `make_balls`.
        covered: (N,) what is covered before.
    """

    def __init__(self, reach: Any, balls: Any, covered: NDArray[np.bool_]) -> None:
        self.size = len(covered)
        self.reach, self.balls = reach, balls[:, ~covered] if covered.any() else balls
        self.missed = np.ones(self.balls.shape[1], dtype=bool)

    def bounds(self) -> NDArray[np.float64]:
        """Sums of the sizes of balls: no union is larger."""
        left = np.diff(self.balls.indptr).astype(np.float64)
        starts, columns = self.reach.indptr, self.reach.indices
        total = np.add.reduceat(left[columns], starts[:-1])  # every node reaches itself: no row is empty
        return np.asarray(np.minimum(total, len(self.missed)) / self.size)

    def gains(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """(m,) from 0 to 1."""
        return np.asarray(_per_row(self.reach[rows] @ self.balls, self.missed) / self.size)

    def add(self, row: int) -> None:
        """Mark what its balls cover; once half of what is kept is covered, only the rest is kept."""
        self.missed[(self.reach[[row]] @ self.balls).indices] = False
        left = int(self.missed.sum())
        if left < len(self.missed) / 2:
            self.balls, self.missed = self.balls[:, self.missed], np.ones(left, dtype=bool)

    @staticmethod
    def make_balls(geometry: Euclidean, radius: float) -> Any:
        """(N, N) CSR array of truth values: pairs at most ``radius`` apart; None when there are more than 2^27."""
        from scipy.sparse import csr_array

        size = geometry.size
        points = geometry.gather(np.arange(size))
        columns, counts, total = [], [np.zeros(1, dtype=np.int64)], 0
        for rows in _blocks(size):
            inside = geometry.pairs(points[rows], points) <= radius**2 * (1.0 + 1e-9)
            total += int(inside.sum())
            if total > _MOST_PAIRS:
                return None
            columns.append(np.nonzero(inside)[1].astype(np.int32))
            counts.append(inside.sum(axis=1))
        joined = np.concatenate(columns)
        starts = np.cumsum(np.concatenate(counts))
        return csr_array((np.ones(len(joined), dtype=bool), joined, starts), shape=(size, size))


def _blocks(size: int) -> list[slice]:
    step = max(1, _CELLS // size)
    return [slice(start, min(start + step, size)) for start in range(0, size, step)]


def _row(matrix: Any, row: int) -> NDArray[np.integer]:
    return np.asarray(matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]])


def _counts(matrix: Any, rows: NDArray[np.int64], marked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(m,) how many marked columns each of some rows has."""
    return _per_row(matrix if len(rows) == matrix.shape[0] else matrix[rows], marked)


def _per_row(matrix: Any, marked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The same for all rows of a CSR array."""
    sums = np.concatenate([[0], np.cumsum(marked[matrix.indices], dtype=np.int64)])
    return np.asarray(sums[matrix.indptr[1:]] - sums[matrix.indptr[:-1]])
