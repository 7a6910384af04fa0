"""BEMPS in batches: of the items whose answers improve predictions most, those that improve different ones."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import MEMBERS, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.joint import gain_vectors
from querist.strategies.kernels.k_means import k_means, nearest_rows
from querist.strategies.kernels.order import top
from querist.strategies.scores.committee import NOT_CLASSES
from querist.strategies.scores.core_log import CoreLog
from querist.strategies.scores.core_mse import CoreMse

__all__ = ["Bemps"]

_MOST = 20_000
"""Candidates whose vectors are held at a time: 80 MB for 1,000 reference items in float32."""


@dataclass(frozen=True, repr=False)
class Bemps(Strategy):
    """k-means over the gains on each reference item, among the rows of largest `core_mse` or `core_log`.

    Each candidate is the vector of its gains on the reference items, scaled to unit length; n clusters, and of each the
    row nearest to the centre. Candidates are the ``share`` of the pool with the highest ratings, at least n and at most
    20,000 of them. The scores are the ratings.

    Args:
        score: "core_mse" or "core_log".
        share: of the pool that may be chosen, above 0, at most 1.

    Source: Tan, Du and Buntine, Diversity Enhanced Active Learning with Strictly Proper Scoring Rules, 2021,
    algorithm 2.
    """

    score: str = "core_mse"
    share: float = 0.5
    cell: ClassVar[str] = "Bayesian"
    paper: ClassVar[str] = "Tan, Du and Buntine 2021"
    equivariant: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuse bad parameters when they are written, not when they are used."""
        if self.score not in ("core_mse", "core_log"):
            raise ArgumentError(f"score must be core_mse or core_log, got {shorten(self.score)}", code="BadParameter")
        if isinstance(self.share, bool) or not isinstance(self.share, numbers.Real):
            raise ArgumentTypeError(
                f"share must be a number above 0, at most 1; got {type(self.share).__name__} {shorten(self.share)}",
                code="BadParameter",
            )
        if not 0 < float(self.share) <= 1:
            raise ArgumentError(f"share must be a number above 0, at most 1; got {self.share}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`MEMBERS` of the pool and of the reference set."""
        return Needs(pool=frozenset({MEMBERS}), reference=frozenset({MEMBERS}), unfit=NOT_CLASSES)

    def select(self, ctx: Context, n: int) -> Selection:
        """Rate, cluster the best, take the rows nearest to the centres."""
        rule = CoreMse() if self.score == "core_mse" else CoreLog()
        members, reference = rule.both(ctx)
        ratings = rule.rate(ctx)
        keys = ctx.keys("bemps")
        count = max(n, min(math.ceil(float(self.share) * ctx.size), _MOST))
        best = np.sort(top(ratings, count, keys))
        vectors = gain_vectors(members[best], reference, squared=self.score == "core_mse")
        lengths = np.sqrt(np.vecdot(vectors, vectors))[:, None]
        np.divide(vectors, lengths, out=vectors, where=lengths > 0)
        centres = k_means(vectors, n, ctx.generator("bemps"))
        nearest, _ = nearest_rows(vectors, centres, keys[best])
        rows = best[nearest]
        words = tuple(
            f"stands for cluster {c + 1} of {n} among the {count:,} items of highest {self.score} ({ratings[row]:.2g})"
            for c, row in enumerate(rows.tolist())
        )
        return Selection(rows, ratings[rows].astype(np.float64), words)
