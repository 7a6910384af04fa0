"""Largest cluster, maximum distance: exactly, with fewer passes over the points than picks.

Every point belongs to its nearest centre. A pick becomes a centre and takes over the points that are nearer to it, so the
sums of all clusters change with each pick, and the distances from the pick to all points are needed at once. They are
computed ahead, in one product, for the farthest points of the largest clusters: most of the next picks are among them.

Distances and sums closer than rounding are equal: points are then told apart by key, clusters by age.

Source: Holzmueller, Zaverkin, Kaestner and Steinwart, A Framework and Benchmark for Deep Batch Active Learning for
Regression, 2023 (selection method LCMD).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.progress import tell
from querist.strategies.kernels.geometry import Centres, Geometry
from querist.strategies.kernels.k_center import grid

__all__ = ["largest_cluster_farthest"]

_AHEAD = 24
"""Points whose distances are computed ahead."""
_PLAYED = 256
"""Points on which the next picks are guessed."""
_AHEAD_NUMBERS = 1 << 23
"""Distances that may be kept for them."""


def largest_cluster_farthest(
    geometry: Geometry, n: int, centres: Centres, keys: NDArray[np.uint64], first: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Pick n points, each the farthest from its centre within the cluster of the largest sum of squared distances.

    When all distances are 0 the rest follow by key.

    Args:
        geometry: the points.
        n: how many, at most N.
        centres: what is known already, in the coordinates of ``geometry``.
        keys: (N,) tie keys.
        first: the first pick, for when there are no centres.

    Returns:
        (n,) rows in order of choice, (n,) squared distances to their centres and (n,) sums of their clusters at the time of
        the pick (both infinite for ``first``).
    """
    known = geometry.count(centres)
    nearest = np.full(geometry.size, np.inf, dtype=geometry.dtype)
    label = np.zeros(geometry.size, dtype=np.int32)
    geometry.assign(nearest, label, centres)
    state = _Clusters(geometry, nearest, label, known, n, keys)
    if first is not None:
        state.take(first, float("inf"), float("inf"))
    while len(state.rows) < n:
        tell("largest cluster, farthest row", len(state.rows), n)
        level = grid(state.sums[: state.count], float(state.sums.max()), geometry)
        cluster = int(level.argmax())  # the earliest of equals
        total = float(state.sums[cluster])
        row = state.farthest(cluster) if total > 0 else -1
        if row < 0:  # nothing is left to be far from
            state.rest()
            break
        state.take(row, float(nearest[row]), total)
    return np.array(state.rows, dtype=np.int64), np.array(state.heights), np.array(state.totals)


class _Clusters:
    """Centres, the points that belong to them, and the sums of their squared distances."""

    def __init__(
        self,
        geometry: Geometry,
        nearest: NDArray[Any],
        label: NDArray[np.int32],
        known: int,
        n: int,
        keys: NDArray[np.uint64],
    ) -> None:
        self.geometry, self.nearest, self.label, self.keys = geometry, nearest, label, keys
        self.count, self.wanted = known, n
        self.sums = np.zeros(known + n)
        if known:
            self.sums[:known] = np.bincount(label, nearest, minlength=known)
        self.open = np.ones(geometry.size, dtype=bool)
        self.scale = 4.0 * float(geometry.norms.max(initial=0.0))
        self.rows: list[int] = []
        self.heights: list[float] = []
        self.totals: list[float] = []
        self._ahead: dict[int, NDArray[Any]] = {}
        self._most = max(1, min(_AHEAD, _AHEAD_NUMBERS // geometry.size))

    def farthest(self, cluster: int) -> int:
        """The open point of a cluster that is farthest from its centre; -1 when all are taken or at its place."""
        mine = np.flatnonzero(self.label == cluster)
        mine = mine[self.open[mine]]
        if len(mine) == 0 or float(self.nearest[mine].max()) <= 0:
            return -1
        level = grid(self.nearest[mine], max(float(self.nearest[mine].max()), 0.025 * self.scale), self.geometry)
        equal = mine[level == level.max()]
        return int(equal[self.keys[equal].argmin()])

    def take(self, row: int, height: float, total: float) -> None:
        """Make a point a centre: the points nearer to it become its own."""
        self.rows.append(row)
        self.heights.append(height)
        self.totals.append(total)
        self.open[row] = False
        if len(self.rows) == self.wanted:
            return
        distances = self._distances(row)
        nearest, label, new = self.nearest, self.label, self.count
        margin = self.geometry.slack * (self.geometry.norms + distances)
        closer = np.flatnonzero(distances < nearest - margin)
        if new:
            self.sums[:new] -= np.bincount(label[closer], nearest[closer], minlength=new)[:new]
            self.sums[label[row]] -= 0.0 if row in closer else float(nearest[row])
        nearest[closer] = distances[closer]
        label[closer] = new
        nearest[row], label[row] = 0.0, new
        self.sums[new] = float(nearest[closer].sum(dtype=np.float64))
        np.maximum(self.sums, 0.0, out=self.sums)
        self.count += 1

    def rest(self) -> None:
        """Fill up by key."""
        left = np.flatnonzero(self.open)
        more = left[np.argsort(self.keys[left], kind="stable")][: self.wanted - len(self.rows)]
        self.rows += more.tolist()
        self.heights += [0.0] * len(more)
        self.totals += [0.0] * len(more)

    def _distances(self, row: int) -> NDArray[Any]:
        if row not in self._ahead:
            if self.count:  # afresh now and then: differences of large sums would leave rounding behind
                self.sums[: self.count] = np.bincount(self.label, self.nearest, minlength=self.count)
            guess = self._likely() if self.count and self._most > 1 else []
            likely = [row, *(r for r in guess if r != row)][: self._most]
            table = self.geometry.distances(self.geometry.gather(np.array(likely)))
            self._ahead = dict(zip(likely, table, strict=True))
        return self._ahead.pop(row)

    def _likely(self) -> list[int]:
        """Rows that the next picks will probably be: the rule itself, played on the farthest points of large clusters.

        A wrong guess costs time and nothing else.
        """
        count = min(self._most, self.count)
        largest = np.argpartition(-self.sums[: self.count], count - 1)[:count]
        place = np.full(self.count, -1)
        place[largest] = np.arange(count)
        where = place[self.label]
        inside = np.flatnonzero((where >= 0) & self.open)
        order = inside[np.lexsort((-self.nearest[inside], where[inside]))]
        starts = np.searchsorted(where[order], np.arange(count))
        depth = np.arange(len(order)) - starts[where[order]]
        rows = order[depth < max(1, _PLAYED // count)]
        if len(rows) == 0:
            return []
        points = self.geometry.gather(rows)
        between = self.geometry.pairs(points, points)
        near, home = self.nearest[rows].astype(np.float64), where[rows]
        share = np.bincount(home, near, minlength=count)
        factor = np.divide(self.sums[largest], share, out=np.zeros(count), where=share > 0)[home]  # for those left out
        guess: list[int] = []
        while len(guess) < self._most:
            sums = np.bincount(home, near * factor)
            if sums.max() <= 0:
                break
            mine = np.flatnonzero(home == sums.argmax())
            best = int(mine[near[mine].argmax()])
            guess.append(int(rows[best]))
            closer = between[best] < near
            home = np.where(closer, count + len(guess), home)
            near = np.minimum(near, between[best])
            near[best] = 0.0
        return guess
