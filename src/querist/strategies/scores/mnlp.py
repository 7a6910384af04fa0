"""MNLP: how improbable the most probable labels of an item's tokens are, a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentTypeError
from querist.core.signals import NBEST, TOKENS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.tokens import lengths, pooled, surprises

__all__ = ["Mnlp"]


@dataclass(frozen=True, repr=False)
class Mnlp(Score):
    """- (1 / number of tokens) times the sum over tokens of log of the largest probability, in nats.

    The length of an item plays no part: without the division, least confidence of a whole sequence picks the longest.
    With ``best_path=True`` the log-probability of the best label sequence is read from `NBEST` instead, and only the
    number of tokens from `TOKENS`: the paper's rule for a tagger with transitions, whose best path is not made of the
    most probable class of each token.

    Source: Shen, Yun, Lipton, Kronrod and Anandkumar, Deep Active Learning for Named Entity Recognition, 2018
    (maximum normalised log-probability).

    Args:
        best_path: whether the probability is that of the best label sequence in `NBEST`.
    """

    best_path: bool = False
    cell: ClassVar[str] = "sequence labelling"
    paper: ClassVar[str] = "Shen, Yun, Lipton, Kronrod and Anandkumar 2018"

    def __post_init__(self) -> None:
        """Refuse what is neither yes nor no."""
        if not isinstance(self.best_path, bool):
            raise ArgumentTypeError(f"best_path must be True or False, got {self.best_path!r}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`TOKENS` of the pool; `NBEST` for the best path."""
        return Needs(pool=frozenset({TOKENS, NBEST} if self.best_path else {TOKENS}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at least 0; 0 where every token is sure."""
        if self.best_path:
            best = np.minimum(np.asarray(ctx.pool[NBEST], dtype=np.float64).max(axis=1), 0.0)
            return np.asarray(np.abs(best) / np.maximum(lengths(ctx.pool[TOKENS]), 1))
        return pooled(surprises(ctx.pool[TOKENS]), "mean")

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The same as a probability."""
        counts = lengths(ctx.pool[TOKENS][rows])
        return [
            f"its best labels have probability {np.exp(-v):.2f} a token ({c} tokens)"
            for v, c in zip(values, counts, strict=True)
        ]
