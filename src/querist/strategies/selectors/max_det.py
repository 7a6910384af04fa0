"""MaxDet: the batch of largest determinant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.errors import ArgumentError, shorten
from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import FloatArray, Selector
from querist.strategies.kernels.lengths import unit_rows
from querist.strategies.kernels.max_det import GaussianGiven, LinearGiven, greedy_log_det
from querist.strategies.parameters import check_positive
from querist.strategies.selectors.bandwidth import default_sigma
from querist.strategies.selectors.known import known_points

__all__ = ["MaxDet"]


@dataclass(frozen=True, repr=False)
class MaxDet(Selector):
    """Greedy for log det(K_S + ridge I), S beginning with labelled and pending rows: D-optimal design.

    It is the greedy for the information about a Bayesian linear model with Gaussian noise, and the most probable set of a
    determinantal point process found greedily. Ratings play no part. The scores are the gains over ridge, log(1 +
    pivot / ridge), in nats.

    Args:
        kernel: "linear" is the dot product, "cosine" that of unit rows, "rbf" exp(-d^2 / (2 sigma^2)) with the sigma of
            `max_herding`.
        ridge: above 0; default one thousandth of the mean of K's diagonal over the pool.

    Source: Holzmüller, Zaverkin, Kästner and Steinwart, A Framework and Benchmark for Deep Batch Active Learning for
    Regression, 2023 (MaxDet).
    """

    kernel: str = "linear"
    ridge: float | None = None
    cell: ClassVar[str] = "representative: diversity"
    paper: ClassVar[str] = "Holzmüller, Zaverkin, Kästner and Steinwart 2023"

    def __post_init__(self) -> None:
        """Refuse an unknown kernel and a ridge that is not above 0."""
        if self.kernel not in ("linear", "cosine", "rbf"):
            raise ArgumentError(
                f"kernel must be linear, cosine or rbf, got {shorten(self.kernel)}", code="BadParameter"
            )
        if self.ridge is not None:
            check_positive(self.ridge, "ridge")

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool; of labelled and pending items where it is there."""
        return Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING}))

    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """Largest pivots first."""
        x = ctx.pool[EMBEDDING]
        known = known_points(ctx, EMBEDDING, lambda points: np.asarray(points, dtype=np.float64))
        ridge = None if self.ridge is None else float(self.ridge)
        given: LinearGiven | GaussianGiven
        if self.kernel == "rbf":
            given = GaussianGiven(x, known, 0.5 / default_sigma(ctx) ** 2, ridge)
        elif self.kernel == "cosine":
            given = LinearGiven(unit_rows(x), unit_rows(known), ridge)
        else:
            given = LinearGiven(x, known, ridge)
        rows, pivots = greedy_log_det(given, n, ctx.keys("max_det"))
        whole = given.diagonal[rows]
        shares = np.divide(pivots, whole, out=np.zeros(n), where=whole > 0)
        words = tuple(f"{share:.0%} of it is new to what is labelled or chosen" for share in shares)
        return Selection(rows, np.log1p(pivots / given.ridge), words)
