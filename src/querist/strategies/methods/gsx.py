"""GSx: greedy sampling in the features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.greedy_sampling import nearest_to_mean
from querist.strategies.kernels.k_center import farthest_first
from querist.strategies.selectors.known import known_points

__all__ = ["Gsx"]


@dataclass(frozen=True, repr=False)
class Gsx(Strategy):
    """`k_center` that starts, with nothing labelled or pending, at the row nearest to the mean of the pool.

    The scores are the Euclidean distances at the time of the pick; for that first row, its distance to the mean.

    Source: Yu and Kim, Passive Sampling for Regression, 2010; Wu, Lin and Huang, Active Learning for Regression Using
    Greedy Sampling, 2019 (GSx).
    """

    cell: ClassVar[str] = "representative: diversity"
    paper: ClassVar[str] = "Yu and Kim 2010"

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool; of labelled and pending items where it is there."""
        return Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING}))

    def select(self, ctx: Context, n: int) -> Selection:
        """Farthest first."""
        geometry = Euclidean(ctx.pool[EMBEDDING])
        keys = ctx.keys("gsx")
        nearest = np.full(geometry.size, np.inf, dtype=geometry.dtype)
        known = known_points(ctx, EMBEDDING, geometry.shifted)
        first = None if len(known) else nearest_to_mean(geometry, keys)
        geometry.lower(nearest, known)
        rows, squared = farthest_first(geometry, n, nearest, keys, first)
        distances = np.sqrt(squared)
        words = [f"farthest from what is labelled or chosen (distance {d:.3g})" for d in distances]
        if first is not None:
            distances[0] = np.sqrt(float(geometry.norms[first]))
            words[0] = f"nearest to the mean of the pool (distance {distances[0]:.3g})"
        return Selection(rows, distances.astype(np.float64), tuple(words))
