"""SMOCU: MOCU with a smooth largest probability."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import Context
from querist.strategies.algebra import FloatArray
from querist.strategies.kernels.joint import expected_error_drop
from querist.strategies.scores.paired import PairedScore

__all__ = ["Smocu"]


@dataclass(frozen=True, repr=False)
class Smocu(PairedScore):
    """`mocu` with log(sum of exp(k p)) / k in place of max p: also items that only move a guess, not change it, count.

    The smooth form is strictly convex, so the expected drop is above 0 wherever an answer moves a prediction.

    Args:
        sharpness: k, above 0; larger is nearer to `mocu`. The default is ours.

    Source: Zhao, Dougherty, Yoon, Alexander and Qian, Bayesian Active Learning by Soft Mean Objective Cost of
    Uncertainty, 2021.
    """

    sharpness: float = 20.0
    paper: ClassVar[str] = "Zhao, Dougherty, Yoon, Alexander and Qian 2021"

    def __post_init__(self) -> None:
        """Refuse a bad sharpness when it is written, not when it is used."""
        if isinstance(self.sharpness, bool) or not isinstance(self.sharpness, numbers.Real):
            raise ArgumentTypeError(
                f"sharpness must be a number > 0, got {type(self.sharpness).__name__} {shorten(self.sharpness)}",
                code="BadParameter",
            )
        if not 0 < float(self.sharpness) < math.inf:
            raise ArgumentError(f"sharpness must be a number > 0, got {self.sharpness}", code="BadParameter")

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at least 0."""
        return expected_error_drop(*self.both(ctx), float(self.sharpness))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The rise of the smooth largest probability, and over how many items."""
        _, reference = self.both(ctx)
        return [f"an answer makes the best guess {v:.2g} surer on each of {len(reference):,} items" for v in values]
