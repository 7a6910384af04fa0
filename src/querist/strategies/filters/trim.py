"""Trim: the lowest rated items go, e.g. outliers by typicality."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import Context, Needs
from querist.strategies.algebra import Filter, Score, as_score, rated
from querist.strategies.kernels.order import top

__all__ = ["Trim"]

_BITS = 18
"""Ratings that agree in so many binary digits are equal here: rounding decides nothing."""


@dataclass(frozen=True, repr=False)
class Trim(Filter):
    """Drops the share of items that a score rates lowest, or those rated below a floor; at least the batch stays.

    ``trim(typicality, share=0.05)`` drops the items farthest from their neighbours, ``trim(density, share=0.05)`` those
    least like the pool: an uncertainty score to the right then cannot spend the budget on outliers. Exactly
    floor(share * N) items go. With ``floor``, where fewer than the batch reach it, the highest rated ones stay.

    Args:
        score: what rates the items; low means "leave it out".
        share: share of the pool that is dropped, above 0 and below 1.
        floor: items rated below it are dropped. Exactly one of ``share`` and ``floor`` is given.
    """

    score: Score
    share: float | None = None
    floor: float | None = None
    cell: ClassVar[str] = "filter"

    def __post_init__(self) -> None:
        """Take text for the score; exactly one of the two bounds."""
        object.__setattr__(self, "score", as_score(self.score))
        if (self.share is None) == (self.floor is None):
            given = "neither" if self.share is None else f"share={self.share} and floor={self.floor}"
            raise ArgumentError(
                f"trim takes exactly one of share (of the pool that goes) and floor (of the rating); got {given}",
                code="BadParameter",
            )
        for name, value in (("share", self.share), ("floor", self.floor)):
            if value is None:
                continue
            words = "a number above 0 and below 1" if name == "share" else "a finite number"
            if isinstance(value, bool) or not isinstance(value, numbers.Real):
                raise ArgumentTypeError(
                    f"{name} must be {words}, got {type(value).__name__} {shorten(value)}", code="BadParameter"
                )
            if not (0 < value < 1 if name == "share" else math.isfinite(value)):
                raise ArgumentError(f"{name} must be {words}, got {value}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """What the score needs."""
        return self.score.needs

    def keep(self, ctx: Context, n: int) -> NDArray[np.int64]:
        """The rows that stay, sorted; ties by the tie key."""
        values = np.asarray(rated(self.score, ctx), dtype=np.float64)
        least = min(n, ctx.size)
        if self.floor is not None:
            high = np.flatnonzero(values >= self.floor)
            if len(high) >= least:
                return high.astype(np.int64)
            wanted = least
        else:
            wanted = max(ctx.size - math.floor((self.share or 0.0) * ctx.size + 1e-9), least)
        mantissa, exponent = np.frexp(values)
        levels = np.ldexp(np.rint(np.ldexp(mantissa, _BITS)), exponent - _BITS)
        return np.sort(top(levels, wanted, ctx.keys("trim")))

    def describe(self, kept: int, of: int) -> str:
        """What went."""
        what = f"rated {self.floor:g} or more" if self.floor is not None else f"without the {self.share:.0%} lowest"
        return f"among {kept:,} of {of:,} {what} by {self.score}"
