"""A score for each token read: for budgets that are spent by the token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import TOKENS, Context, Needs
from querist.strategies.algebra import FloatArray, Score, as_score, rated
from querist.strategies.kernels.tokens import lengths

__all__ = ["PerToken"]


@dataclass(frozen=True, repr=False)
class PerToken(Score):
    """A score divided by the number of the item's tokens; an item without tokens counts as one token.

    It is ``cost_ratio`` where reading a token is the cost. For a budget in tokens, let each answer cost its number of
    tokens (`querist.Answer`'s ``cost``): the budget of a session is spent by what answers cost.

    Source: Settles, Craven and Friedland, Active Learning with Real Annotation Costs, 2008.
    """

    score: Score
    cell: ClassVar[str] = "sequence labelling"
    paper: ClassVar[str] = "Settles, Craven and Friedland 2008"

    def __post_init__(self) -> None:
        """Take text for the score as well."""
        object.__setattr__(self, "score", as_score(self.score))

    @property
    def needs(self) -> Needs:
        """What the score needs, and `TOKENS`."""
        return self.score.needs | Needs(pool=frozenset({TOKENS}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) score a token."""
        return np.asarray(rated(self.score, ctx) / np.maximum(lengths(ctx.pool[TOKENS]), 1))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The score a token, the tokens."""
        counts = np.maximum(lengths(ctx.pool[TOKENS][rows]), 1)
        return [f"{self.score} {v:.3g} a token, {c} tokens to read" for v, c in zip(values, counts, strict=True)]
