"""Ratio: the second most probable class in proportion to the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.checks import in_passing
from querist.core.signals import PROBS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.probabilities import top_two

__all__ = ["Ratio"]


@dataclass(frozen=True, repr=False)
class Ratio(Score):
    """p2 / p1, p1 and p2 being the largest and second largest probability.

    Source: Monarch, Human-in-the-Loop Machine Learning, 2021, section 3.2 (ratio of confidence).
    """

    cell: ClassVar[str] = "uncertainty"
    paper: ClassVar[str] = "Monarch 2021"

    @property
    def needs(self) -> Needs:
        """`PROBS` of the pool."""
        return Needs(pool=frozenset({PROBS}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) in [0, 1]; 1 where two classes tie, 0 with one class only."""
        first, second = top_two(*in_passing(ctx.pool, PROBS))
        return np.asarray(second / first)

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The two probabilities."""
        first, second = top_two(ctx.pool[PROBS][rows])
        return [f"second class at {b:.2f} against {a:.2f} of the first" for a, b in zip(first, second, strict=True)]
