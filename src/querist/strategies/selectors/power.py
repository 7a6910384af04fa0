"""Power: draws in proportion to the score to a power."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import Context, Selection
from querist.strategies.algebra import FloatArray, Selector
from querist.strategies.selectors.stochastic import gumbel_pick

__all__ = ["Power"]


@dataclass(frozen=True, repr=False)
class Power(Selector):
    """n draws without return, in proportion to score^beta; rows of score 0 or below come only when no other is left.

    Source: Kirsch et al., Stochastic Batch Acquisition, 2023, power acquisition.
    """

    beta: float = 1.0
    cell: ClassVar[str] = "hybrid: batch-native"
    paper: ClassVar[str] = "Kirsch et al. 2023"

    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """Draw by score^beta; with beta 0 all rows are alike."""
        values = np.ones(ctx.size) if scores is None else np.asarray(scores, dtype=np.float64)
        if self.beta == 0:
            return gumbel_pick(ctx, n, np.zeros(ctx.size), values, str(self))
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.where(values > 0, self.beta * np.log(np.maximum(values, 0.0)), -np.inf)
        return gumbel_pick(ctx, n, logs, values, str(self))
