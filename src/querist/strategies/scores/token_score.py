"""What the scores of sequences share: they read `TOKENS`, and make the score of an item from those of its tokens."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, shorten
from querist.core.signals import TOKENS, Context, Needs
from querist.core.types import Array
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.tokens import HOWS, lengths, pooled

__all__ = ["TokenScore", "check_how"]


def check_how(how: object) -> None:
    """Refuse a way of pooling that is none (code ``BadParameter``)."""
    if how not in HOWS:
        raise ArgumentError(f"how must be one of {', '.join(HOWS)}; got {shorten(how)!r}", code="BadParameter")


@dataclass(frozen=True, repr=False)
class TokenScore(Score):
    """A score of items from one score for each token.

    Args:
        how: "mean", "sum" or "max" over the item's tokens. A sum favours long items: spend the budget by tokens then
            (``per_token``, or ``cost_ratio`` with the number of tokens as the cost).
    """

    how: str = "mean"
    cell: ClassVar[str] = "sequence labelling"
    unit: ClassVar[str] = ""
    """what a token's score is, for reasons."""

    def __post_init__(self) -> None:
        """Refuse a way of pooling that is none."""
        check_how(self.how)

    @property
    def needs(self) -> Needs:
        """`TOKENS` of the pool."""
        return Needs(pool=frozenset({TOKENS}))

    @abstractmethod
    def token_scores(self, tokens: Array) -> NDArray[np.float64]:
        """(N, T) a score for each token, NaN for padding."""

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) pooled; 0 for an item without tokens."""
        return pooled(self.token_scores(ctx.pool[TOKENS]), self.how)

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The score, and of how many tokens."""
        counts = lengths(ctx.pool[TOKENS][rows])
        names = {"mean": "mean", "sum": "total", "max": "largest"}
        return [f"{names[self.how]} {self.unit} {v:.2f} of {c} tokens" for v, c in zip(values, counts, strict=True)]
