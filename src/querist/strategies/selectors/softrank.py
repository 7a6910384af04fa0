"""Soft rank: draws in proportion to rank^(-beta)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import Context, Selection
from querist.strategies.algebra import FloatArray, Selector
from querist.strategies.kernels.order import top
from querist.strategies.selectors.stochastic import gumbel_pick

__all__ = ["Softrank"]


@dataclass(frozen=True, repr=False)
class Softrank(Selector):
    """n draws without return, in proportion to rank^(-beta); the best score has rank 1, ties are ranked by the tie key.

    Source: Kirsch et al., Stochastic Batch Acquisition, 2023, soft-rank acquisition.
    """

    beta: float = 1.0
    cell: ClassVar[str] = "hybrid: batch-native"
    paper: ClassVar[str] = "Kirsch et al. 2023"

    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """Draw by rank."""
        values = np.ones(ctx.size) if scores is None else np.asarray(scores, dtype=np.float64)
        ranks = np.empty(ctx.size)
        ranks[top(values, ctx.size, ctx.keys("rank"))] = np.arange(1, ctx.size + 1)
        return gumbel_pick(ctx, n, -self.beta * np.log(ranks), values, str(self))
