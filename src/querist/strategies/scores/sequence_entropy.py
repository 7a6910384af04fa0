"""Sequence entropy over the N best label sequences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentTypeError
from querist.core.signals import NBEST, Context, Needs
from querist.strategies.algebra import FloatArray, Score

__all__ = ["SequenceEntropy"]


@dataclass(frozen=True, repr=False)
class SequenceEntropy(Score):
    """- sum over the B best label sequences of P log P, in nats.

    With ``renormalise=True`` the B probabilities are first divided by their sum, so that only their relative sizes
    count and not what the B best sequences leave out (Kim et al. 2006).

    Source: Settles and Craven, An Analysis of Active Learning Strategies for Sequence Labeling Tasks, 2008 (N-best
    sequence entropy); Kim, Song, Kim, Cha and Lee, MMR-Based Active Machine Learning, 2006.

    Args:
        renormalise: whether the probabilities of the B sequences are made to sum to 1.
    """

    renormalise: bool = False
    cell: ClassVar[str] = "sequence labelling"
    paper: ClassVar[str] = "Settles and Craven 2008"

    def __post_init__(self) -> None:
        """Refuse what is neither yes nor no."""
        if not isinstance(self.renormalise, bool):
            raise ArgumentTypeError(f"renormalise must be True or False, got {self.renormalise!r}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`NBEST` of the pool."""
        return Needs(pool=frozenset({NBEST}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at least 0."""
        logs = np.minimum(np.asarray(ctx.pool[NBEST], dtype=np.float64), 0.0)
        if self.renormalise:
            logs = logs - logs.max(axis=1, keepdims=True)
            logs = logs - np.log(np.exp(logs).sum(axis=1, keepdims=True))
        return np.asarray(np.maximum(-(np.exp(logs) * logs).sum(axis=1), 0.0))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The entropy."""
        best = ctx.pool[NBEST].shape[1]
        return [f"entropy {v:.2f} nats over its {best} best label sequences" for v in values]
