"""Active search with a k-nearest-neighbour model: one query ahead, and what the rest of the budget may then find.

The chance of a point to be a target is (a + S) / (a + b + S + F), S and F being the targets and others among its k
nearest points whose answers are known. An answer changes the chances of those points only that have it among their
nearest, so that a look ahead costs about as much as the budget is long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.k_center import grid

__all__ = ["Search", "nearest_points"]

_CELLS = 1 << 21
_DIGITS = 9


def nearest_points(x: NDArray[np.float64], others: NDArray[np.float64], k: int) -> NDArray[np.int64]:
    """(N, k) nearest other points of each row among the rows themselves and ``others``; the first of equals.

    Rows are numbered from 0, the others from N on. With fewer points k is what there is.
    """
    points = np.concatenate([np.asarray(x, dtype=np.float64), np.asarray(others, dtype=np.float64)])
    k = min(k, len(points) - 1)
    out = np.empty((len(x), k), dtype=np.int64)
    if not k:
        return out
    geometry = Euclidean(points)
    gathered = geometry.gather(np.arange(len(points)))
    lengths = np.square(gathered).sum(axis=1)
    scale = 4.0 * float(lengths.max(initial=0.0))
    step = max(1, _CELLS // len(points))
    for start in range(0, len(x), step):
        stop = min(start + step, len(x))
        block = gathered[start:stop]
        order_only = (-2.0 * block) @ gathered.T  # squared distances but for a constant of each row
        order_only += lengths
        order_only[np.arange(stop - start), np.arange(start, stop)] = np.inf
        limit = np.partition(order_only, k - 1, axis=1)[:, k - 1 : k] + 2e-11 * scale
        rows, columns = np.nonzero(order_only <= limit)
        squared = order_only[rows, columns] + lengths[start + rows]
        levels = grid(squared, scale, geometry)  # equal where they differ by rounding only
        order = np.lexsort((columns, levels, rows))
        firsts = np.searchsorted(rows, np.arange(stop - start))
        out[start:stop] = columns[order[firsts[:, None] + np.arange(k)]]
    return out


@dataclass
class Search:
    """The state of a search over N points.

    Args:
        nearest: (N, k) nearest points of each row; rows from 0, known ones from N on.
        found: (N,) targets among the known ones of the k nearest.
        missed: (N,) others among them.
        a: prior weight of a target.
        b: prior weight of the others.
    """

    nearest: NDArray[np.int64]
    found: NDArray[np.float64]
    missed: NDArray[np.float64]
    a: float
    b: float

    def __post_init__(self) -> None:
        """Lists of the rows that each row influences."""
        size = len(self.nearest)
        targets = self.nearest.reshape(-1)
        sources = np.repeat(np.arange(size), self.nearest.shape[1])
        inside = targets < size
        order = np.argsort(targets[inside], kind="stable")
        counts = np.bincount(targets[inside], minlength=size)
        self._rows = sources[inside][order]
        self._starts = np.concatenate([[0], np.cumsum(counts)])
        self.free = np.ones(size, dtype=bool)

    def chances(self, extra: float = 0.0) -> NDArray[np.float64]:
        """(N,) chance of each row to be a target; with ``extra`` more targets found near it."""
        return (self.a + self.found + extra) / (self.a + self.b + self.found + self.missed + extra)

    def influenced(self, row: int) -> NDArray[np.int64]:
        """Free rows that have ``row`` among their nearest."""
        rows = self._rows[self._starts[row] : self._starts[row + 1]]
        return rows[self.free[rows]]

    def best(self, budget: int) -> tuple[int, float]:
        """The free row of largest expected number of targets from it and the ``budget`` best rows after its answer.

        Rows are tried from the largest bound down. After a target, the sum of the best chances grows by no more than
        all chances that it raises grow; after another answer it does not grow.

        Source: Jiang, Malkomes, Converse, Shofner, Moseley and Garnett, Efficient Nonmyopic Active Search, 2017.

        Returns:
            The row (the lowest of those that are equal but for rounding) and the expected number.
        """
        chance = np.where(self.free, self.chances(), -1.0)
        rows = np.flatnonzero(self.free)
        budget = min(budget, len(rows) - 1)
        if budget == 0:
            value = float(np.round(chance, _DIGITS).max())
            return int(np.flatnonzero(np.round(chance, _DIGITS) == value)[0]), value
        order = rows[np.argsort(-chance[rows], kind="stable")]
        now = np.sort(chance[rows])[::-1]
        hit = now[:budget].sum() + self._gain(chance)[rows]
        bound = chance[rows] * (1.0 + hit) + (1.0 - chance[rows]) * now[:budget].sum()
        value, row = -np.inf, -1
        for place in np.argsort(-bound, kind="stable"):
            if bound[place] < value - 2.0 * 10.0**-_DIGITS:
                break
            tried = round(self._expected(int(rows[place]), budget, chance, order), _DIGITS)
            if tried > value or (tried == value and rows[place] < row):
                value, row = tried, int(rows[place])
        return row, float(value)

    def _gain(self, chance: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) how much a target would raise the chances of the free rows that it influences, summed."""
        growth = np.where(self.free, self.chances(1.0) - chance, 0.0)
        sums = np.concatenate([[0.0], np.cumsum(growth[self._rows])])
        return np.asarray(sums[self._starts[1:]] - sums[self._starts[:-1]])

    def _expected(self, row: int, budget: int, chance: NDArray[np.float64], order: NDArray[np.int64]) -> float:
        near = self.influenced(row)
        near = near[near != row]
        out = np.zeros(len(chance), dtype=bool)
        out[near] = out[row] = True
        head = order[: budget + len(near) + 1]
        kept = chance[head[~out[head]]][:budget]
        total = self.a + self.b + self.found[near] + self.missed[near] + 1.0
        hit = np.concatenate([kept, (self.a + self.found[near] + 1.0) / total])
        miss = np.concatenate([kept, (self.a + self.found[near]) / total])
        p = float(chance[row])
        return p * (1.0 + _top(hit, budget)) + (1.0 - p) * _top(miss, budget)

    def answer(self, row: int, target: bool) -> None:
        """Take an answer, or an assumed one, into account."""
        near = self.influenced(row)
        (self.found if target else self.missed)[near] += 1.0
        self.free[row] = False


def _top(values: NDArray[np.float64], count: int) -> float:
    return float(np.sort(values)[::-1][:count].sum())
