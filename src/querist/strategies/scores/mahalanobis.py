"""Mahalanobis distance to the nearest class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import EMBEDDING, LABELS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.gaussians import nearest_distance
from querist.strategies.parameters import check_positive
from querist.strategies.scores.ddu import NOTHING, fitted

__all__ = ["Mahalanobis"]


@dataclass(frozen=True, repr=False)
class Mahalanobis(Score):
    """Distance to the nearest class mean of the labelled items, under the covariance within classes.

    The covariance is shared by all classes and shrunk towards its mean variance times the identity.
    With nothing labelled all items are alike.

    Source: Lee, Lee, Lee and Shin, A Simple Unified Framework for Detecting Out-of-Distribution Samples and Adversarial
    Attacks, 2018 (Mahalanobis distance-based score; the root of minus it, without input perturbation).

    Args:
        shrinkage: share of the identity in the covariance, above 0 and at most 1.
    """

    shrinkage: float = 0.1
    cell: ClassVar[str] = "uncertainty"
    paper: ClassVar[str] = "Lee, Lee, Lee and Shin 2018"

    def __post_init__(self) -> None:
        """Refuse a bad shrinkage when it is written."""
        check_positive(self.shrinkage, "shrinkage", most=1.0)

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool; `EMBEDDING` and `LABELS` of labelled items."""
        return Needs(pool=frozenset({EMBEDDING}), labelled=frozenset({EMBEDDING, LABELS}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) standard deviations, at least 0."""
        found, h = fitted(ctx, float(self.shrinkage)), ctx.pool[EMBEDDING]
        return nearest_distance(found, h)[0] if found is not None else np.zeros(len(h))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The distance."""
        if not len(ctx.labelled):
            return [NOTHING] * len(values)
        return [f"{v:.3g} standard deviations from the nearest class of labelled items" for v in values]
