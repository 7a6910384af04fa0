"""Least confidence of sequences: how improbable the most probable label sequence is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import NBEST, TOKENS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.tokens import pooled, surprises

__all__ = ["SequenceLeastConfidence"]


@dataclass(frozen=True, repr=False)
class SequenceLeastConfidence(Score):
    """1 - P(best label sequence), from `NBEST`, or from `TOKENS` where it is not at hand.

    With `TOKENS` the sequence is that of the most probable class of each token, and its probability the product over
    tokens, as for a tagger without transitions. Long items come first by nature: `mnlp` takes the length out.

    Source: Culotta and McCallum, Reducing Labeling Effort for Structured Prediction Tasks, 2005.
    """

    cell: ClassVar[str] = "sequence labelling"
    paper: ClassVar[str] = "Culotta and McCallum 2005"

    @property
    def needs(self) -> Needs:
        """`NBEST` of the pool, for which `TOKENS` may stand in."""
        return Needs(pool=frozenset({NBEST}), instead=frozenset({(NBEST, TOKENS)}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) from 0 to 1."""
        if TOKENS in ctx.pool and NBEST not in ctx.pool:
            return np.asarray(-np.expm1(-pooled(surprises(ctx.pool[TOKENS]), "sum")))
        best = np.asarray(ctx.pool[NBEST], dtype=np.float64).max(axis=1)
        return np.asarray(-np.expm1(np.minimum(best, 0.0)))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The probability."""
        return [f"its best label sequence has probability {1 - v:.3g}" for v in values]
