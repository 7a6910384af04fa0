"""Entropy: how spread out the predicted probabilities are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.checks import in_passing
from querist.core.signals import PROBS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.probabilities import entropy
from querist.strategies.scores.committee import most_nats

__all__ = ["Entropy"]


@dataclass(frozen=True, repr=False)
class Entropy(Score):
    """- sum over classes of p log p, in nats.

    Source: Shannon, A Mathematical Theory of Communication, 1948; for active learning Settles, Active Learning
    Literature Survey, 2009, section 3.1.
    """

    cell: ClassVar[str] = "uncertainty"
    paper: ClassVar[str] = "Shannon 1948; Settles 2009"

    @property
    def needs(self) -> Needs:
        """`PROBS` of the pool."""
        return Needs(pool=frozenset({PROBS}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) in [0, log C]."""
        return entropy(*in_passing(ctx.pool, PROBS))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The entropy beside the largest there can be."""
        most = most_nats(ctx.pool[PROBS].shape[1])
        return [f"entropy {v:.2f} {most}" for v in values]
