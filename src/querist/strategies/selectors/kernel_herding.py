"""Kernel herding: picks that have the mean of the pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import FloatArray, Selector
from querist.strategies.kernels.herding import herd
from querist.strategies.kernels.similarity import gaussian
from querist.strategies.parameters import check_positive
from querist.strategies.selectors.bandwidth import default_sigma
from querist.strategies.selectors.known import known_points

__all__ = ["KernelHerding"]


@dataclass(frozen=True, repr=False)
class KernelHerding(Selector):
    """Each pick x has the largest mean k(., x) over the pool less (sum of k(s, x) over what is chosen) / (t + 1).

    k is exp(-d^2 / (2 sigma^2)), with the sigma of `max_herding`; labelled and pending rows are among the t chosen
    before. A score before it weighs the pool's rows in the mean (below 0 as 0; alike when all are 0). It lowers the
    maximum mean discrepancy between the pool and what is chosen. The scores are the values at the time of the pick.

    Source: Chen, Welling and Smola, Super-Samples from Kernel Herding, 2010.
    """

    sigma: float | None = None
    cell: ClassVar[str] = "representative: density"
    paper: ClassVar[str] = "Chen, Welling and Smola 2010"

    def __post_init__(self) -> None:
        """Refuse a sigma that is not above 0."""
        if self.sigma is not None:
            check_positive(self.sigma, "sigma")

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool; of labelled and pending items where it is there."""
        return Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING}))

    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """Herd."""
        sigma = float(self.sigma) if self.sigma is not None else default_sigma(ctx)
        known = known_points(ctx, EMBEDDING, lambda points: np.asarray(points, dtype=np.float64))
        weights = np.ones(ctx.size) if scores is None else np.maximum(np.asarray(scores, dtype=np.float64), 0.0)
        weights = weights / weights.max() if weights.max() > 0 else np.ones(ctx.size)
        sim = gaussian(ctx.pool[EMBEDDING], 0.5 / sigma**2)
        rows, values = herd(sim, n, known, weights, ctx.keys("kernel_herding"))
        words = tuple(f"nearer to the pool than to what is chosen (by {v:.3g})" if v > 0 else _EVEN for v in values)
        return Selection(rows, values, words)


_EVEN = "no nearer to the pool than to what is chosen"
