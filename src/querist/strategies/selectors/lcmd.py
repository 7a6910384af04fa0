"""Largest cluster, maximum distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import FloatArray, Selector
from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.lcmd import largest_cluster_farthest
from querist.strategies.selectors.known import known_points
from querist.strategies.selectors.max_dist import longest

__all__ = ["Lcmd", "reasons"]


@dataclass(frozen=True, repr=False)
class Lcmd(Selector):
    """Every item belongs to its nearest labelled, pending or chosen one; the largest cluster gives its farthest item.

    A cluster's size is its sum of squared distances. With nothing labelled or pending it starts at the row of largest norm;
    when all distances are 0 the rest follow by key. Ratings play no part. The scores are the distances to the centre at the
    time of the pick; the norm for a first pick.

    Source: Holzmueller, Zaverkin, Kaestner and Steinwart, A Framework and Benchmark for Deep Batch Active Learning for
    Regression, 2023 (selection method LCMD).
    """

    cell: ClassVar[str] = "representative: diversity"
    paper: ClassVar[str] = "Holzmueller et al. 2023"

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool; of labelled and pending items where it is there."""
        return Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING}))

    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """The farthest of the largest cluster, n times."""
        geometry = Euclidean(ctx.pool[EMBEDDING])
        keys = ctx.keys("lcmd")
        centres = known_points(ctx, EMBEDDING, geometry.shifted)
        first, length = (None, 0.0) if len(centres) else longest(geometry, keys)
        rows, squared, sums = largest_cluster_farthest(geometry, n, centres, keys, first)
        distances = np.sqrt(squared)
        words = reasons(distances, sums)
        if first is not None:
            distances[0] = length
            words[0] = f"largest norm of the pool ({length:.3g})"
        return Selection(rows, distances, tuple(words))


def reasons(distances: NDArray[np.float64], sums: NDArray[np.float64]) -> list[str]:
    """A sentence a pick: the distance to its centre and the size of its cluster."""
    return [
        f"farthest (distance {d:.3g}) in the largest cluster (sum of squared distances {s:.3g})"
        if s > 0
        else "no item is left at a distance from what is labelled or chosen"
        for d, s in zip(distances, sums, strict=True)
    ]
