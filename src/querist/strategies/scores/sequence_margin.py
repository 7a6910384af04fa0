"""Sequence margin: how close the two most probable label sequences are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import NBEST, Context, Needs
from querist.strategies.algebra import FloatArray, Score

__all__ = ["SequenceMargin"]


@dataclass(frozen=True, repr=False)
class SequenceMargin(Score):
    """1 - (P(best label sequence) - P(second best)); with one sequence only, the second has probability 0.

    Source: Settles and Craven, An Analysis of Active Learning Strategies for Sequence Labeling Tasks, 2008 (margin),
    after Scheffer, Decomain and Wrobel, Active Hidden Markov Models for Information Extraction, 2001.
    """

    cell: ClassVar[str] = "sequence labelling"
    paper: ClassVar[str] = "Settles and Craven 2008"

    @property
    def needs(self) -> Needs:
        """`NBEST` of the pool."""
        return Needs(pool=frozenset({NBEST}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) from 0 to 1; 1 where two sequences tie."""
        first, second = _two(np.asarray(ctx.pool[NBEST]))
        return np.asarray(1.0 - (first - second))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The two probabilities."""
        pairs = zip(*_two(np.asarray(ctx.pool[NBEST])[rows]), strict=True)
        return [f"two best label sequences {a:.3g} / {b:.3g}" for a, b in pairs]


def _two(logs: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(N,) probabilities of the best and of the second best sequence."""
    p = np.sort(np.exp(np.minimum(logs.astype(np.float64), 0.0)), axis=1)
    return p[:, -1], p[:, -2] if p.shape[1] > 1 else np.zeros(len(p))
