"""Maximum distance: farthest first, from the row of largest norm on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import FloatArray, Selector
from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.k_center import farthest_first, grid
from querist.strategies.selectors.known import known_points

__all__ = ["MaxDist", "longest"]


@dataclass(frozen=True, repr=False)
class MaxDist(Selector):
    """Each pick is the item farthest from all labelled, pending and chosen ones: `k_center` with another start.

    With nothing labelled or pending it starts at the row of largest norm, as if the origin were labelled. Ratings play no
    part. The scores are the Euclidean distances at the time of the pick; the norm for a first pick.

    Source: Holzmueller, Zaverkin, Kaestner and Steinwart, A Framework and Benchmark for Deep Batch Active Learning for
    Regression, 2023 (MaxDist); Yu and Kim 2010 (greedy sampling on inputs, GSx).
    """

    cell: ClassVar[str] = "representative: diversity"
    paper: ClassVar[str] = "Holzmueller et al. 2023"

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool; of labelled and pending items where it is there."""
        return Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING}))

    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """Farthest first."""
        geometry = Euclidean(ctx.pool[EMBEDDING])
        keys = ctx.keys("max_dist")
        nearest = np.full(geometry.size, np.inf, dtype=geometry.dtype)
        centres = known_points(ctx, EMBEDDING, geometry.shifted)
        geometry.lower(nearest, centres)
        first, length = (None, 0.0) if len(centres) else longest(geometry, keys)
        rows, squared = farthest_first(geometry, n, nearest, keys, first)
        distances = np.sqrt(squared)
        words = [f"farthest from what is labelled or chosen (distance {d:.3g})" for d in distances]
        if first is not None:
            distances[0] = length
            words[0] = f"largest norm of the pool ({length:.3g})"
        return Selection(rows, distances.astype(np.float64), tuple(words))


def longest(geometry: Euclidean, keys: NDArray[np.uint64]) -> tuple[int, float]:
    """The row farthest from the origin, equal ones by key, and its norm."""
    squared = np.full(geometry.size, np.inf, dtype=geometry.dtype)
    geometry.lower(squared, geometry.shifted(np.zeros((1, geometry.width))))
    level = grid(squared, float(squared.max()), geometry)
    far = np.flatnonzero(level == level.max())
    row = int(far[keys[far].argmin()])
    return row, float(np.sqrt(squared[row]))
