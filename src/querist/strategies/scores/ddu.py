"""DDU: rows in regions where few labelled items lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import EMBEDDING, LABELS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.gaussians import ClassGaussians, fit, negative_log_density
from querist.strategies.methods.last_layer import labelled_classes
from querist.strategies.parameters import check_positive

__all__ = ["NOTHING", "Ddu", "fitted"]

NOTHING = "drawn by the seed: nothing is labelled yet"
"""The reason when there is nothing to be unlike."""


def fitted(ctx: Context, shrinkage: float) -> ClassGaussians | None:
    """Gaussians of the labelled items; None when there is none."""
    h, labels = labelled_classes(ctx.labelled)
    return fit(h, labels, shrinkage) if len(labels) else None


@dataclass(frozen=True, repr=False)
class Ddu(Score):
    """-log sum over classes of share * N(h; mean, covariance), in nats: a Gaussian for each class of the labelled items.

    Covariances are shrunk towards the mean variance within classes times the identity, so that small classes have one.
    (The published trunk has spectral norms; any embedding is taken here.) With nothing labelled all items are alike.

    Source: Mukhoti, Kirsch, van Amersfoort, Torr and Gal, Deep Deterministic Uncertainty: A New Simple Baseline, 2023
    (feature density by Gaussian discriminant analysis).

    Args:
        shrinkage: share of the identity in each covariance, above 0 and at most 1.
    """

    shrinkage: float = 0.1
    cell: ClassVar[str] = "uncertainty"
    paper: ClassVar[str] = "Mukhoti, Kirsch, van Amersfoort, Torr and Gal 2023"

    def __post_init__(self) -> None:
        """Refuse a bad shrinkage when it is written."""
        check_positive(self.shrinkage, "shrinkage", most=1.0)

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool; `EMBEDDING` and `LABELS` of labelled items."""
        return Needs(pool=frozenset({EMBEDDING}), labelled=frozenset({EMBEDDING, LABELS}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) nats of either sign."""
        found, h = fitted(ctx, float(self.shrinkage)), ctx.pool[EMBEDDING]
        return negative_log_density(found, h) if found is not None else np.zeros(len(h))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The density, and of what."""
        count = len(ctx.labelled)
        if not count:
            return [NOTHING] * len(values)
        return [f"unlike the {count} labelled items (log density {-v:.3g} of its features)" for v in values]
