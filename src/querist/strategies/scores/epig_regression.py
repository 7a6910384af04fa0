"""EPIG for regression: what an answer would tell about the answers of a reference set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError
from querist.core.signals import MEMBERS, NOISE, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.gaussian_members import information_about
from querist.strategies.scores.committee import one_model_each, regression_members
from querist.strategies.scores.paired import reference_of

__all__ = ["EpigRegression"]


@dataclass(frozen=True, repr=False)
class EpigRegression(Score):
    """Mean over reference items x* of the mutual information of the answers at x and x*, in nats; members are (N, S).

    The members are taken as draws from a Gaussian. Two answers with correlation r tell 1/2 log(1 / (1 - r^2)) about each
    other; r^2 = cov^2 / ((v + noise) (v* + noise*)), v and cov being population moments over the members. Noise keeps r
    below 1 when there are few members.

    Source: Bickford Smith, Kirsch, Farquhar, Gal, Foster and Rainforth, Prediction-Oriented Bayesian Active Learning,
    2023, for Gaussian answers.
    """

    cell: ClassVar[str] = "Bayesian"
    paper: ClassVar[str] = "Bickford Smith, Kirsch, Farquhar, Gal, Foster and Rainforth 2023"

    @property
    def needs(self) -> Needs:
        """`MEMBERS`, shape (N, S), and `NOISE` of the pool and of the reference set."""
        both = frozenset({MEMBERS, NOISE})
        return Needs(pool=both, reference=both)

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at least 0.

        Raises:
            ArgumentError: members of a classifier, or other members in the two sets (code ``ShapeMismatch``).
        """
        one_model_each(self, ctx)
        members = regression_members(self, ctx, "for classes use epig")
        reference = reference_of(self, ctx)
        assert ctx.reference is not None
        if reference.ndim != 2:
            raise ArgumentError(
                f"{self} needs reference members of a regression, shape (M, S); got {tuple(reference.shape)}",
                code="ShapeMismatch",
            )
        return information_about(members, ctx.pool[NOISE], reference, ctx.reference[NOISE])

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The information, and about how many items."""
        many = len(reference_of(self, ctx))
        return [f"an answer tells {v:.2g} nats about each answer of {many:,} reference items" for v in values]
