"""Density: mean cosine similarity to the pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import EMBEDDING, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.cosine import mean_cosine

__all__ = ["Density"]


@dataclass(frozen=True, repr=False)
class Density(Score):
    """Mean cosine similarity to all rows of the pool, the row itself included; a zero row has cosine 0.

    Source: Settles and Craven, An Analysis of Active Learning Strategies for Sequence Labeling Tasks, 2008, eq. 13.
    """

    cell: ClassVar[str] = "representative: density"
    paper: ClassVar[str] = "Settles and Craven 2008"

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool."""
        return Needs(pool=frozenset({EMBEDDING}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) in [-1, 1]."""
        return mean_cosine(ctx.pool[EMBEDDING])

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The similarity."""
        return [f"mean cosine {v:.2f} to the pool" for v in values]
