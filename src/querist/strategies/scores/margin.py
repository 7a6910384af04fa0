"""Margin: how close the two most probable classes are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.checks import in_passing
from querist.core.signals import PROBS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.probabilities import top_two

__all__ = ["Margin"]


@dataclass(frozen=True, repr=False)
class Margin(Score):
    """1 - (p1 - p2), p1 and p2 being the largest and second largest probability.

    Source: Scheffer, Decomain and Wrobel, Active Hidden Markov Models for Information Extraction, 2001.
    """

    cell: ClassVar[str] = "uncertainty"
    paper: ClassVar[str] = "Scheffer, Decomain and Wrobel 2001"

    @property
    def needs(self) -> Needs:
        """`PROBS` of the pool."""
        return Needs(pool=frozenset({PROBS}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) in [0, 1]; 1 where two classes tie."""
        first, second = top_two(*in_passing(ctx.pool, PROBS))
        return np.asarray(1.0 - (first - second))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The two probabilities."""
        first, second = top_two(ctx.pool[PROBS][rows])
        return [f"two nearest classes {a:.2f} / {b:.2f}" for a, b in zip(first, second, strict=True)]
