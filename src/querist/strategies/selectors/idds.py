"""IDDS: in-domain diversity, like the pool and unlike what is labelled."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import FloatArray, Selector
from querist.strategies.kernels.herding import diverse_and_dense
from querist.strategies.selectors.known import known_points

__all__ = ["Idds"]


@dataclass(frozen=True, repr=False)
class Idds(Selector):
    """Each pick has the largest weight * mean cosine to the unlabelled less (1 - weight) * mean cosine to the labelled.

    Pending rows and picks count as labelled, and as unlabelled no more. Ratings play no part. The scores are the values
    at the time of the pick.

    Source: Tsvigun et al., Active Learning for Abstractive Text Summarization, 2022, equation 1 (lambda 0.67).
    """

    weight: float = 0.67
    cell: ClassVar[str] = "representative: density"
    paper: ClassVar[str] = "Tsvigun et al. 2022"

    def __post_init__(self) -> None:
        """Refuse a weight outside [0, 1]."""
        if isinstance(self.weight, bool) or not isinstance(self.weight, numbers.Real):
            raise ArgumentTypeError(
                f"weight must be a number from 0 to 1, got {type(self.weight).__name__} {shorten(self.weight)}",
                code="BadParameter",
            )
        if math.isnan(float(self.weight)) or not 0 <= float(self.weight) <= 1:
            raise ArgumentError(f"weight must be a number from 0 to 1, got {self.weight}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool; of labelled and pending items where it is there."""
        return Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING}))

    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """One after the other."""
        known = known_points(ctx, EMBEDDING, lambda points: np.asarray(points, dtype=np.float64))
        rows, values = diverse_and_dense(ctx.pool[EMBEDDING], n, known, float(self.weight), ctx.keys("idds"))
        words = tuple(f"like the pool and unlike what is labelled or chosen ({v:.3g})" for v in values)
        return Selection(rows, values, words)
