"""WAAL: uncertain items that a Wasserstein critic finds unlike what is labelled."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import CRITIC, PROBS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.log_lengths import log_lengths

__all__ = ["Waal"]


@dataclass(frozen=True, repr=False)
class Waal(Score):
    """``weight`` * critic - (sum of -log p + length of -log p) / 2, over the classes.

    The second term is smallest for a flat prediction: both norms of -log p bound the loss of the worst label from
    above. Probabilities are floored at 1e-12. Training the critic is the work of the plug-in ``waal``.

    Args:
        weight: of the critic; 10 is that of the paper's code.

    Source: Shui, Zhou, Gagné and Wang, Deep Active Learning: Unified and Principled Method for Query and Training,
    2020, and the query of its code.
    """

    weight: float = 10.0
    cell: ClassVar[str] = "hybrid: batch-native"
    paper: ClassVar[str] = "Shui, Zhou, Gagné and Wang 2020"

    def __post_init__(self) -> None:
        """The weight is a finite number."""
        if isinstance(self.weight, bool) or not isinstance(self.weight, numbers.Real):
            raise ArgumentTypeError(
                f"weight must be a number ≥ 0, got {type(self.weight).__name__} {shorten(self.weight)}",
                code="BadParameter",
            )
        if not 0 <= float(self.weight) < math.inf:
            raise ArgumentError(f"weight must be a number ≥ 0, got {self.weight}", code="BadParameter")
        object.__setattr__(self, "weight", float(self.weight))

    @property
    def needs(self) -> Needs:
        """`PROBS` and `CRITIC` of the pool, the critic from the plug-in ``waal``."""
        return Needs(pool=frozenset({PROBS, CRITIC}), plugin="waal")

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) numbers of any sign."""
        one, two = log_lengths(ctx.pool[PROBS])
        return np.asarray(self.weight * np.asarray(ctx.pool[CRITIC], dtype=np.float64) - 0.5 * (one + two))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The critic and the larger probability."""
        critic = np.asarray(ctx.pool[CRITIC])[rows]
        sure = np.asarray(ctx.pool[PROBS])[rows].max(axis=1)
        return [
            f"unlike what is labelled (critic {c:.3g}), largest probability {p:.2f}"
            for c, p in zip(critic, sure, strict=True)
        ]
