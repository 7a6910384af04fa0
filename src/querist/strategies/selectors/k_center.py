"""k-centre: farthest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import FloatArray, Selector
from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.k_center import Unfinished, farthest_first, grid
from querist.strategies.selectors.known import known_points

__all__ = ["KCenter"]


@dataclass(frozen=True, repr=False)
class KCenter(Selector):
    """Each pick is the item farthest from all labelled, pending and chosen ones.

    With nothing labelled or pending it starts at the row farthest from the mean of the pool. Ratings play no part. The
    scores are the Euclidean distances at the time of the pick.

    Source: Sener and Savarese, A Core-Set Approach, 2018, algorithm 1.
    """

    cell: ClassVar[str] = "representative: diversity"
    paper: ClassVar[str] = "Sener and Savarese 2018"

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool; of labelled and pending items where it is there."""
        return Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING}))

    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """Farthest first."""
        geometry = Euclidean(ctx.pool[EMBEDDING])
        keys = ctx.keys("k_center")
        nearest = np.full(geometry.size, np.inf, dtype=geometry.dtype)
        centres = known_points(ctx, EMBEDDING, geometry.shifted)
        first: int | None = None
        unfinished: Unfinished | None = None
        if len(centres):
            unfinished = Unfinished(geometry, nearest, centres)
        else:
            levels = grid(geometry.norms, float(geometry.norms.max(initial=0.0)), geometry)
            far = np.flatnonzero(levels == levels.max())
            first = int(far[keys[far].argmin()])
        rows, squared = farthest_first(geometry, n, nearest, keys, first, unfinished)
        distances = np.sqrt(squared)
        if first is not None:
            distances[0] = np.sqrt(float(geometry.norms[first]))
        words = [f"farthest from what is labelled or chosen (distance {d:.3g})" for d in distances]
        if first is not None:
            words[0] = f"farthest from the mean of the pool (distance {distances[0]:.3g})"
        return Selection(rows, distances.astype(np.float64), tuple(words))
