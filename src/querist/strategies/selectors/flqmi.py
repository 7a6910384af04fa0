"""FLQMI: items that stand for a target set, such as a few examples of a rare class."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import FloatArray, Selector
from querist.strategies.kernels.similarity import cosine, gaussian
from querist.strategies.kernels.targeted import target_greedily
from querist.strategies.selectors.bandwidth import default_sigma
from querist.strategies.selectors.known import known_points

__all__ = ["Flqmi"]


@dataclass(frozen=True, repr=False)
class Flqmi(Selector):
    """Greedy for sum over targets of the nearest pick + eta * sum over picks of the nearest target, by a kernel.

    The targets are the rows of ``reference``: a few examples of what is sought, a rare class for instance. Labelled and
    pending rows count as picked before, so that targets that they stand for draw less. Ratings play no part. The scores
    are the gains.

    Args:
        eta: weight of the nearness to the target against covering all of it.
        kernel: "cosine", or "rbf", exp(-d^2 / (2 sigma^2)) with the sigma of `max_herding`.

    Source: Kothawade, Beck, Killamsetty and Iyer, SIMILAR: Submodular Information Measures Based Active Learning in
    Realistic Scenarios, 2021 (facility location quadratic mutual information).
    """

    eta: float = 1.0
    kernel: str = "cosine"
    cell: ClassVar[str] = "hybrid: batch-native"
    paper: ClassVar[str] = "Kothawade, Beck, Killamsetty and Iyer 2021"

    def __post_init__(self) -> None:
        """Refuse an unknown kernel and an eta below 0."""
        if self.kernel not in ("cosine", "rbf"):
            raise ArgumentError(f"kernel must be cosine or rbf, got {shorten(self.kernel)}", code="BadParameter")
        if isinstance(self.eta, bool) or not isinstance(self.eta, numbers.Real):
            raise ArgumentTypeError(
                f"eta must be a number ≥ 0, got {type(self.eta).__name__} {shorten(self.eta)}", code="BadParameter"
            )
        if not 0 <= float(self.eta) < math.inf:
            raise ArgumentError(f"eta must be a number ≥ 0, got {self.eta}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool and of the reference; of labelled and pending items where it is there."""
        names = frozenset({EMBEDDING})
        return Needs(pool=names, reference=names, uses=names)

    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """Greedily, each pick adding the most."""
        if ctx.reference is None or not len(ctx.reference):
            raise ArgumentError(
                "flqmi needs the embedding of the target set; pass reference={'embedding': ...} with at least one row",
                code="MissingSignal",
            )
        x, target = ctx.pool[EMBEDDING], np.asarray(ctx.reference[EMBEDDING], dtype=np.float64)
        known = known_points(ctx, EMBEDDING, lambda points: np.asarray(points, dtype=np.float64))
        sim = cosine(x) if self.kernel == "cosine" else gaussian(x, 0.5 / default_sigma(ctx) ** 2)
        rows, gains, nearest = target_greedily(sim, target, n, float(self.eta), known, ctx.keys("flqmi"))
        words = tuple(
            f"stands for row {q} of the target set (gain {g:.3g})" for q, g in zip(nearest, gains, strict=True)
        )
        return Selection(rows, gains, words)
