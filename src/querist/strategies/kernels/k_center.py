"""Farthest first, exactly, with far fewer passes over the points than picks.

Distances to the nearest centre only fall. So among the m points that are farthest now, the greedy choice is right as long
as the best of them is farther than every point outside (tau, the m-th distance): those picks need only the m x m distances
between candidates. One blocked product then lowers all distances by all picks at once.

Where there are many centres before any pick most distances to them are never finished (`Unfinished`): the distance to the
nearest of the first centres is a bound, and points whose bound is below the farthest ones cannot be picked.

Distances closer than rounding are equal, and settled by the tie key: they are compared on a grid of relative width 1e-5 in
float32 (1e-11 in float64), so that neither the order of the points nor the blocking decides. The width follows the largest
distance left and, ten times weaker, the largest length: rounding grows with it, but one outlier must not blur the rest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist.core.progress import tell
from querist.strategies.kernels.geometry import Euclidean, Geometry
from querist.strategies.kernels.order import top

__all__ = ["Unfinished", "farthest_first", "grid", "grid_width"]

_CANDIDATES = 256
_MANY = 256
"""From so many centres on they are looked at in parts."""
_PARTS = 8
_PIECE = 8192
"""Points that are copied at a time."""
_OFFSET = 0.3819660112501051
"""Grid lines stand off round values, where exact ties are."""


def grid_width(scale: float, geometry: Geometry) -> float:
    """How far squared distances may be apart and still be equal but for rounding."""
    return scale * (1e-5 if geometry.dtype == np.float32 else 1e-11)


def grid(values: NDArray[np.floating], scale: float, geometry: Geometry) -> NDArray[np.float64]:
    """Squared distances as grid numbers: equal where they are equal but for rounding."""
    width = grid_width(scale, geometry)
    if width <= 0:
        return np.zeros(len(values))
    return np.floor(values.astype(np.float64) / width + _OFFSET)


def farthest_first(
    geometry: Geometry,
    n: int,
    nearest: NDArray[np.floating],
    keys: NDArray[np.uint64],
    first: int | None = None,
    unfinished: Unfinished | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pick n points, each the farthest from all centres and picks before it.

    Source: Sener and Savarese, Active Learning for Convolutional Neural Networks: A Core-Set Approach, 2018 (the greedy
    2-approximation of Gonzalez 1985).

    Args:
        geometry: the points.
        n: how many, at most N.
        nearest: (N,) squared distances to the nearest centre so far; infinite without centres. It is lowered in place.
        keys: (N,) tie keys.
        first: the first pick, for when there are no centres.
        unfinished: what ``nearest`` lacks where it holds bounds only; they stay bounds where they do not matter.

    Returns:
        (n,) rows in order of choice, and (n,) squared distances at the time of the pick (infinite for ``first``).
    """
    rows: list[int] = []
    distances: list[float] = []
    picked: list[int] = []
    spread = 0.1 * float(geometry.norms.max(initial=0.0))
    if first is not None:
        rows.append(first)
        distances.append(float("inf"))
        picked = [first]
    while len(rows) < n:
        tell("farthest first", len(rows), n)
        if picked:
            geometry.lower(nearest, geometry.gather(np.array(picked)))
            nearest[picked] = -1.0  # out of the race; it stays the lowest
        left = geometry.size - len(rows)
        count = min(max(_CANDIDATES, (n - len(rows)) // 4), left)
        if unfinished is not None:
            unfinished.finish(count, 4 * grid_width(max(float(nearest.max()), spread), geometry))
        farthest = float(nearest.max())
        scale = max(farthest if np.isfinite(farthest) else 0.0, spread)
        candidates = _farthest(geometry, nearest, count, keys, scale)
        picked, heights = _greedy(geometry, candidates, nearest, keys, n - len(rows), count < left, scale)
        rows += picked
        distances += heights
    out = np.array(rows, dtype=np.int64)
    nearest[out] = 0.0
    return out, np.array(distances)


class Unfinished:
    """Squared distances to many centres, finished only for the points that may be the farthest.

    Args:
        geometry: the points.
        nearest: (N,) squared distances so far; lowered in place, to bounds from above at first.
        centres: (m, D) as `Euclidean.shifted` gives them.
    """

    def __init__(self, geometry: Euclidean, nearest: NDArray[np.floating], centres: NDArray[np.float64]) -> None:
        self.geometry, self.nearest, self.centres = geometry, nearest, centres
        # Rows of a file or of a device are best read one after another: there all centres are seen at once.
        apart = geometry.sources[0].streams or not isinstance(geometry.x, np.ndarray)
        self.step = len(centres) if apart or len(centres) < _MANY else -(-len(centres) // _PARTS)
        self.seen = np.full(geometry.size, self.step, dtype=np.int32)
        geometry.lower(nearest, centres[: self.step])

    def finish(self, count: int, margin: float) -> None:
        """Leave the ``count`` farthest finished, and nothing unfinished within ``margin`` of the last of them."""
        size, total = len(self.nearest), len(self.centres)
        if self.step == total:
            return
        while True:
            few = min(2 * count, size)
            self._see(np.argpartition(self.nearest, size - few)[size - few :], once=False)
            finished = self.nearest[self.seen == total]
            level = float(np.partition(finished, len(finished) - count)[len(finished) - count]) - margin
            open_ = np.flatnonzero((self.nearest >= level) & (self.seen < total))
            if not len(open_):
                return
            self._see(open_, once=True)

    def _see(self, rows: NDArray[np.int64], *, once: bool) -> None:
        """Lower some points by the next part of the centres that they have not seen, or by all such parts."""
        total = len(self.centres)
        before = self.seen[rows]
        for start in range(self.step, total, self.step):
            behind = np.sort(rows[(before if once else self.seen[rows]) == start])
            for first in range(0, len(behind), _PIECE):
                some = behind[first : first + _PIECE]
                low = self.nearest[some]
                self.geometry.narrow(some).lower(low, self.centres[start : start + self.step])
                self.nearest[some] = low
            self.seen[behind] = min(start + self.step, total)


def _farthest(
    geometry: Geometry, nearest: NDArray[np.floating], count: int, keys: NDArray[np.uint64], scale: float
) -> NDArray[np.int64]:
    """The ``count`` farthest points, farthest first; equal ones by key. Only points near the last get a grid number."""
    threshold = float(np.partition(nearest, len(nearest) - count)[len(nearest) - count])
    near = np.flatnonzero(nearest >= threshold - 2 * grid_width(scale, geometry))
    near = near[nearest[near] >= 0]
    return near[top(grid(nearest[near], scale, geometry), count, keys[near])]


def _greedy(
    geometry: Geometry,
    candidates: NDArray[np.int64],
    nearest: NDArray[np.floating],
    keys: NDArray[np.uint64],
    wanted: int,
    more: bool,
    scale: float,
) -> tuple[list[int], list[float]]:
    """Picks among the farthest points, while none outside can be farther."""
    points = geometry.gather(candidates)
    current = nearest[candidates].astype(np.float64)
    key = keys[candidates]
    tau = grid(current[-1:], scale, geometry)[0] if more else -1.0
    free = np.ones(len(candidates), dtype=bool)
    picked: list[int] = []
    heights: list[float] = []
    between = geometry.pairs(points, points)
    while len(picked) < wanted and free.any():
        levels = np.where(free, grid(current, scale, geometry), -2.0)
        best = levels.max()
        if picked and best <= tau:  # a point outside may be as far, with a lower key
            break
        equal = np.flatnonzero(levels == best)
        chosen = int(equal[key[equal].argmin()])
        picked.append(int(candidates[chosen]))
        heights.append(float(current[chosen]))
        free[chosen] = False
        np.minimum(current, between[chosen], out=current)
    return picked, heights
