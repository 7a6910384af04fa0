"""Top k: the items of highest score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import Context, Selection
from querist.strategies.algebra import FloatArray, Selector
from querist.strategies.kernels.order import top

__all__ = ["TopK"]


@dataclass(frozen=True, repr=False)
class TopK(Selector):
    """The n rows of highest score, best first; ties by the tie key."""

    cell: ClassVar[str] = "baseline"

    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """The n best rows."""
        values = np.zeros(ctx.size) if scores is None else scores
        rows = top(values, n, ctx.keys("top_k"))
        reasons = ("no score to rank by: in an order drawn by the seed",) * len(rows) if scores is None else ()
        return Selection(rows, values[rows].astype(np.float64), reasons)
