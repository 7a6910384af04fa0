"""Vacuity: the share of its belief for which an evidential model has no evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import VACUITY, Context, Needs
from querist.strategies.algebra import FloatArray, Score

__all__ = ["Vacuity"]


@dataclass(frozen=True, repr=False)
class Vacuity(Score):
    """C / the sum of the parameters of the Dirichlet distribution over C classes: 1 without any evidence, near 0 with much.

    It is large where nothing like the item was labelled, and not where classes meet: there the evidence is much and
    contradictory. The learner needs the head ``evidential``; without labels every item is as vacuous as the next.

    Source: Sensoy, Kaplan and Kandemir, Evidential Deep Learning to Quantify Classification Uncertainty, 2018, equation 1;
    Hemmer, Kühl and Schöffer, DEAL, 2020, for evidential networks in active learning.
    """

    cell: ClassVar[str] = "uncertainty"
    paper: ClassVar[str] = "Sensoy, Kaplan and Kandemir 2018"

    @property
    def needs(self) -> Needs:
        """`VACUITY` of the pool."""
        return Needs(pool=frozenset({VACUITY}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) from 0 to 1."""
        return np.asarray(ctx.pool[VACUITY], dtype=np.float64)

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The vacuity."""
        return [f"the model has no evidence for {v:.0%} of its belief" for v in values]
