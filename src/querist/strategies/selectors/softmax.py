"""Softmax: draws in proportion to exp(beta * score)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import Context, Selection
from querist.strategies.algebra import FloatArray, Selector
from querist.strategies.selectors.stochastic import gumbel_pick

__all__ = ["Softmax"]


@dataclass(frozen=True, repr=False)
class Softmax(Selector):
    """n draws without return, in proportion to exp(beta * score).

    Source: Kirsch et al., Stochastic Batch Acquisition, 2023, softmax acquisition.
    """

    beta: float = 1.0
    cell: ClassVar[str] = "hybrid: batch-native"
    paper: ClassVar[str] = "Kirsch et al. 2023"

    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """Draw by exp(beta * score)."""
        values = np.ones(ctx.size) if scores is None else np.asarray(scores, dtype=np.float64)
        return gumbel_pick(ctx, n, self.beta * values, values, str(self))
