"""LCMD on last-layer gradients, which are never written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import GRADIENT, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.geometry import Outer
from querist.strategies.kernels.k_center import grid
from querist.strategies.kernels.lcmd import largest_cluster_farthest
from querist.strategies.selectors.lcmd import reasons

__all__ = ["LcmdGrad"]


@dataclass(frozen=True, repr=False)
class LcmdGrad(Strategy):
    """`lcmd` on the products a (x) h of the last layer's gradients: the largest cluster gives its farthest item.

    Labelled and pending items (their gradient) count as chosen before. With neither it starts at the largest gradient;
    when all distances are 0 the rest follow by key. The scores are the distances to the centre at the time of the pick;
    the length of the gradient for a first pick.

    Source: Holzmueller, Zaverkin, Kaestner and Steinwart, A Framework and Benchmark for Deep Batch Active Learning for
    Regression, 2023: selection method LCMD on the last-layer gradient kernel, a product of two.
    """

    cell: ClassVar[str] = "hybrid: batch-native"
    paper: ClassVar[str] = "Holzmueller et al. 2023"

    @property
    def needs(self) -> Needs:
        """`GRADIENT` of the pool; of labelled and pending items where it is there."""
        return Needs(pool=frozenset({GRADIENT}), uses=frozenset({GRADIENT}))

    def select(self, ctx: Context, n: int) -> Selection:
        """The farthest of the largest cluster, n times."""
        a, h = ctx.pool[GRADIENT]
        geometry = Outer(a, h)
        keys = ctx.keys("lcmd_grad")
        known = [view[GRADIENT] for view in (ctx.labelled, ctx.pending) if len(view) and GRADIENT in view]
        pairs = [tuple(np.asarray(part, dtype=np.float64) for part in pair) for pair in known]
        none = (np.zeros((0, a.shape[1])), np.zeros((0, h.shape[1])))
        centres = tuple(np.concatenate(parts) for parts in zip(none, *pairs, strict=True))
        first: int | None = None
        if not len(centres[0]):
            level = grid(geometry.norms, float(geometry.norms.max(initial=0.0)), geometry)
            largest = np.flatnonzero(level == level.max())
            first = int(largest[keys[largest].argmin()])
        rows, squared, sums = largest_cluster_farthest(geometry, n, centres, keys, first)
        distances = np.sqrt(squared)
        words = reasons(distances, sums)
        if first is not None:
            distances[0] = np.sqrt(float(geometry.norms[first]))
            words[0] = f"largest gradient ({distances[0]:.3g})"
        return Selection(rows, distances, tuple(words))
