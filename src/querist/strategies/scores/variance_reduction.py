"""Variance reduction: how far an answer lowers the expected variance of the pool's predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import EMBEDDING, PROBS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.bait import single_gains
from querist.strategies.kernels.fisher import floored, inverse, mean_information
from querist.strategies.kernels.ties import settled
from querist.strategies.methods.bait import check_ridge, known_information, pool_rows

__all__ = ["VarianceReduction"]


@dataclass(frozen=True, repr=False)
class VarianceReduction(Score):
    """tr(M^-1 F) - tr((M + F_x)^-1 F): the first step of `bait`, for each item alone.

    F is the mean Fisher information of the pool about the last layer, F_x that of the item, M = ridge I + the sum over
    labelled and pending items.

    Source: Schein and Ungar, Active Learning for Logistic Regression: an Evaluation, 2007 (A-optimality).

    Args:
        ridge: what M begins with, above 0.
    """

    ridge: float = 1.0
    cell: ClassVar[str] = "influence"
    paper: ClassVar[str] = "Schein and Ungar 2007"

    def __post_init__(self) -> None:
        """Refuse a bad ridge when it is written."""
        check_ridge(self.ridge)

    @property
    def needs(self) -> Needs:
        """`PROBS` and `EMBEDDING` of the pool; of labelled and pending items where both are there."""
        both = frozenset({PROBS, EMBEDDING})
        return Needs(pool=both, uses=both)

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at least 0."""
        rows = pool_rows(ctx, regression=False, name="variance_reduction")
        known, fisher = known_information(ctx, rows), mean_information(rows)
        a = inverse(known, floored(float(self.ridge), known, fisher))
        return settled(np.maximum(single_gains(rows, a, fisher), 0.0))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The fall."""
        return [f"lowers the expected variance of the pool's predictions by {v:.3g}" for v in values]
