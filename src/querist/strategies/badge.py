"""BADGE: k-means++ on last-layer gradients, which are never written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import GRADIENT, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.d2_sampling import d2_sample
from querist.strategies.kernels.geometry import Outer
from querist.strategies.kernels.k_center import grid

__all__ = ["Badge"]


@dataclass(frozen=True, repr=False)
class Badge(Strategy):
    """Draws a batch by D^2 sampling on the gradients a (x) h of the last layer at the predicted label.

    The first pick is the row of largest gradient; labelled items play no part, pending ones (their gradient) count as
    chosen before. The scores are the distances at the time of the draw; the length of the gradient for a first pick.

    Source: Ash, Zhang, Krishnamurthy, Langford and Agarwal, Deep Batch Active Learning by Diverse, Uncertain Gradient
    Lower Bounds, 2020, algorithm 1.
    """

    cell: ClassVar[str] = "hybrid: batch-native"
    paper: ClassVar[str] = "Ash et al. 2020"
    equivariant: ClassVar[bool] = False

    @property
    def needs(self) -> Needs:
        """`GRADIENT` of the pool; of pending items where it is there."""
        return Needs(pool=frozenset({GRADIENT}), uses=frozenset({GRADIENT}))

    def select(self, ctx: Context, n: int) -> Selection:
        """D^2 sampling from the largest gradient on."""
        a, h = ctx.pool[GRADIENT]
        geometry = Outer(a, h)
        nearest = np.full(geometry.size, np.inf, dtype=geometry.dtype)
        first: int | None = None
        if len(ctx.pending) and GRADIENT in ctx.pending:
            pa, ph = ctx.pending[GRADIENT]
            geometry.lower(nearest, (np.asarray(pa, dtype=np.float64), np.asarray(ph, dtype=np.float64)))
        else:
            levels = grid(geometry.norms, float(geometry.norms.max(initial=0.0)), geometry)
            largest = np.flatnonzero(levels == levels.max())
            first = int(largest[ctx.keys("badge")[largest].argmin()])
        rows, squared = d2_sample(geometry, n, nearest, ctx.generator("badge"), first=first)
        distances = np.sqrt(np.maximum(squared, 0.0))
        words = [f"its gradient differs from those chosen (distance {d:.3g})" for d in distances]
        if first is not None:
            distances[0] = np.sqrt(float(geometry.norms[first]))
            words[0] = f"largest gradient ({distances[0]:.3g})"
        return Selection(rows, distances.astype(np.float64), tuple(words))
