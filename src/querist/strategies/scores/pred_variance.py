"""Predictive variance: how far the members' numbers lie apart (regression)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import MEMBERS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.members import variance
from querist.strategies.scores.committee import NOT_NUMBERS, regression_members

__all__ = ["PredVariance"]


@dataclass(frozen=True, repr=False)
class PredVariance(Score):
    """Population variance over members of the predicted number, members having shape (N, S).

    Source: Krogh and Vedelsby, Neural Network Ensembles, Cross Validation, and Active Learning, 1995 (ambiguity).
    """

    cell: ClassVar[str] = "uncertainty"
    paper: ClassVar[str] = "Krogh and Vedelsby 1995"

    @property
    def needs(self) -> Needs:
        """`MEMBERS` of the pool, shape (N, S)."""
        return Needs(pool=frozenset({MEMBERS}), unfit=NOT_NUMBERS)

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at least 0, in squared units of the prediction.

        Raises:
            ArgumentError: the members are those of a classifier (code ``ShapeMismatch``).
        """
        return variance(regression_members(self, ctx))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The variance and its root."""
        samples = ctx.pool[MEMBERS].shape[1]
        return [f"variance {v:.3g} over {samples} members (standard deviation {np.sqrt(v):.3g})" for v in values]
