"""MNLP: how improbable the most probable labels of an item's tokens are, a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import TOKENS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.tokens import lengths, pooled, surprises

__all__ = ["Mnlp"]


@dataclass(frozen=True, repr=False)
class Mnlp(Score):
    """- (1 / number of tokens) times the sum over tokens of log of the largest probability, in nats.

    The length of an item plays no part: without the division, least confidence of a whole sequence picks the longest.

    Source: Shen, Yun, Lipton, Kronrod and Anandkumar, Deep Active Learning for Named Entity Recognition, 2018
    (maximum normalised log-probability).
    """

    cell: ClassVar[str] = "sequence labelling"
    paper: ClassVar[str] = "Shen, Yun, Lipton, Kronrod and Anandkumar 2018"

    @property
    def needs(self) -> Needs:
        """`TOKENS` of the pool."""
        return Needs(pool=frozenset({TOKENS}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at least 0; 0 where every token is sure."""
        return pooled(surprises(ctx.pool[TOKENS]), "mean")

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The same as a probability."""
        counts = lengths(ctx.pool[TOKENS][rows])
        return [
            f"its best labels have probability {np.exp(-v):.2f} a token ({c} tokens)"
            for v, c in zip(values, counts, strict=True)
        ]
