"""Shortlist: only the best rated items go on to what stands to the right."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.contract import check_count
from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import Context, Needs
from querist.strategies.algebra import Filter, Score, as_score, rated
from querist.strategies.kernels.order import top

__all__ = ["Shortlist"]


@dataclass(frozen=True, repr=False)
class Shortlist(Filter):
    """Keeps the ``times`` * batch, or the ``n``, items of highest score: the survey's serial form.

    Args:
        score: what rates the items.
        times: how many times the batch is kept, at least 1.
        n: how many are kept. Exactly one of ``times`` and ``n`` is given.
    """

    score: Score
    times: float | None = None
    n: int | None = None
    cell: ClassVar[str] = "hybrid: serial"

    def __post_init__(self) -> None:
        """Take text for the score; exactly one of the two sizes."""
        object.__setattr__(self, "score", as_score(self.score))
        if (self.times is None) == (self.n is None):
            given = "neither" if self.n is None else f"times={self.times} and n={self.n}"
            raise ArgumentError(
                f"shortlist takes exactly one of times (so many batches) and n (so many items); got {given}",
                code="BadParameter",
            )
        if self.n is not None:
            object.__setattr__(self, "n", check_count(self.n, "n"))
            return
        if isinstance(self.times, bool) or not isinstance(self.times, numbers.Real):
            raise ArgumentTypeError(
                f"times must be a number ≥ 1, got {type(self.times).__name__} {shorten(self.times)}",
                code="BadParameter",
            )
        if not 1 <= self.times < math.inf:
            raise ArgumentError(f"times must be a number ≥ 1, got {self.times}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """What the score needs."""
        return self.score.needs

    def keep(self, ctx: Context, n: int) -> NDArray[np.int64]:
        """The best rows, sorted; ties by the tie key."""
        wanted = self.n if self.n is not None else math.ceil((self.times or 1) * n)
        if wanted >= ctx.size:
            return np.arange(ctx.size, dtype=np.int64)
        return np.sort(top(rated(self.score, ctx), wanted, ctx.keys("shortlist")))

    def describe(self, kept: int, of: int) -> str:
        """How long the list was."""
        return f"among the {kept:,} of {of:,} highest by {self.score}"
