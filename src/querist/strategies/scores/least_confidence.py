"""Least confidence: how little the model believes in its own guess."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.checks import in_passing
from querist.core.signals import PROBS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.probabilities import highest

__all__ = ["LeastConfidence"]


@dataclass(frozen=True, repr=False)
class LeastConfidence(Score):
    """1 - max p.

    Source: Lewis and Gale, A Sequential Algorithm for Training Text Classifiers, 1994.
    """

    cell: ClassVar[str] = "uncertainty"
    paper: ClassVar[str] = "Lewis and Gale 1994"

    @property
    def needs(self) -> Needs:
        """`PROBS` of the pool."""
        return Needs(pool=frozenset({PROBS}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) in [0, 1 - 1/C]."""
        return np.asarray(1.0 - highest(*in_passing(ctx.pool, PROBS)))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The probability of the guess."""
        return [f"most probable class at {1.0 - v:.2f}" for v in values]
