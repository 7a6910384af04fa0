"""Random sampling: the baseline that every claim is measured against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.seeds import uniform
from querist.core.signals import Context
from querist.strategies.algebra import FloatArray, Score

__all__ = ["Random"]


@dataclass(frozen=True, repr=False)
class Random(Score):
    """A number between 0 and 1 that depends on the item's id and the seed alone."""

    cell: ClassVar[str] = "baseline"

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) uniform in (0, 1)."""
        return uniform(ctx.keys("random"))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """Says that it was drawn."""
        return ["drawn at random"] * len(rows)
