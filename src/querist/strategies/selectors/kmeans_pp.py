"""k-means++ seeding as a selector: D^2 sampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import FloatArray, Selector
from querist.strategies.kernels.d2_sampling import d2_sample
from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.selectors.known import known_points

__all__ = ["KMeansPP"]


@dataclass(frozen=True, repr=False)
class KMeansPP(Selector):
    """Each pick is drawn in proportion to the squared distance to what is labelled, pending or chosen, times the score.

    The first pick is drawn by the score alone (uniformly without one) when there is nothing to be far from; when all
    weights are 0, uniformly among the rest. The scores are the distances at the time of the draw, NaN for a first pick.

    Source: Arthur and Vassilvitskii, k-means++, 2007.
    """

    text_name: ClassVar[str] = "kmeans_pp"
    cell: ClassVar[str] = "representative: diversity"
    paper: ClassVar[str] = "Arthur and Vassilvitskii 2007"
    equivariant: ClassVar[bool] = False

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool; of labelled and pending items where it is there."""
        return Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING}))

    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """D^2 sampling."""
        geometry = Euclidean(ctx.pool[EMBEDDING])
        nearest = np.full(geometry.size, np.inf, dtype=geometry.dtype)
        geometry.lower(nearest, known_points(ctx, EMBEDDING, geometry.shifted))
        rows, squared = d2_sample(geometry, n, nearest, ctx.generator("kmeans_pp"), scores)
        distances = np.where(np.isfinite(squared), np.sqrt(np.maximum(squared, 0.0)), np.nan)
        words = tuple(
            "drawn as a start" if np.isnan(d) else f"drawn by its distance {d:.3g} to what is labelled or chosen"
            for d in distances
        )
        return Selection(rows, distances, words)
