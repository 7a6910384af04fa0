"""Lightweight coreset: half uniform, half by the squared distance to the mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import FloatArray, Selector
from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.selectors.stochastic import gumbel_pick

__all__ = ["LightweightCoreset"]


@dataclass(frozen=True, repr=False)
class LightweightCoreset(Selector):
    """n draws without return in proportion to 1 / (2 N) + d(x, mean)^2 / (2 sum of d^2).

    Ratings and labelled items play no part. The scores are the probabilities of the first draw.

    Source: Bachem, Lucic and Krause, Scalable k-Means Clustering via Lightweight Coresets, 2018, algorithm 1 (which draws
    with return and weighs what it drew).
    """

    cell: ClassVar[str] = "representative: diversity"
    paper: ClassVar[str] = "Bachem, Lucic and Krause 2018"

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool."""
        return Needs(pool=frozenset({EMBEDDING}))

    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """Draw by the tie keys, so that the order of the pool plays no part."""
        squares = Euclidean(ctx.pool[EMBEDDING]).norms.astype(np.float64)
        total = float(squares.sum())
        share = squares / total if total > 0 else np.full(ctx.size, 1.0 / ctx.size)
        chance = 0.5 / ctx.size + 0.5 * share
        found = gumbel_pick(ctx, n, np.log(chance), chance, "lightweight_coreset")
        words = tuple(f"drawn with {v * ctx.size:.2f} times the chance of an even draw" for v in found.scores)
        return Selection(found.indices, found.scores, words)
