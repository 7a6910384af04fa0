"""FALCUN: uncertain items whose predictions differ from each other."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import PROBS, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.probabilities import top_two
from querist.strategies.kernels.relevance import draw_by_relevance

__all__ = ["Falcun"]


@dataclass(frozen=True, repr=False)
class Falcun(Strategy):
    """Draws in proportion to relevance^gamma, relevance being uncertainty plus distance to the predictions drawn.

    Uncertainty u is 1 - (p1 - p2). The distance of an item is u at first, and falls to the sum of absolute differences
    between its probabilities and those of the nearest item drawn; it is scaled to [0, 1] over the items left before u
    is added. When all distances are 0, uniformly among the rest. No embedding is needed. The scores are the relevances.

    Source: Gilhuber, Beer, Ma and Seidl, FALCUN: A Simple and Efficient Deep Active Learning Strategy, 2024.

    Args:
        gamma: at least 0; the larger, the more certain the most relevant item is to be drawn.
    """

    gamma: float = 10.0
    cell: ClassVar[str] = "hybrid: parallel"
    paper: ClassVar[str] = "Gilhuber, Beer, Ma and Seidl 2024"
    equivariant: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuse a gamma below 0."""
        if isinstance(self.gamma, bool) or not isinstance(self.gamma, numbers.Real):
            raise ArgumentTypeError(
                f"gamma must be a number ≥ 0, got {type(self.gamma).__name__} {shorten(self.gamma)}",
                code="BadParameter",
            )
        if not 0 <= self.gamma < math.inf:
            raise ArgumentError(f"gamma must be a number ≥ 0, got {self.gamma}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`PROBS` of the pool."""
        return Needs(pool=frozenset({PROBS}))

    def select(self, ctx: Context, n: int) -> Selection:
        """Draw one after the other."""
        p = ctx.pool[PROBS]
        first, second = top_two(p)
        uncertainty = 1.0 - (first.astype(np.float64) - second)
        rows, values, away = draw_by_relevance(p, uncertainty, float(self.gamma), n, ctx.generator("falcun"))
        words = [
            f"drawn by its uncertainty {u:.2f} and its distance {d:.2f} to the predictions chosen"
            for u, d in zip(uncertainty[rows].tolist(), away.tolist(), strict=True)
        ]
        words[0] = f"drawn by its uncertainty {uncertainty[rows[0]]:.2f}"
        return Selection(rows, values, tuple(words))
