"""iGS: greedy sampling in the features and in the predicted number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import EMBEDDING, PREDICTION, TARGETS, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.greedy_sampling import farthest_product
from querist.strategies.methods.last_layer import has

__all__ = ["Igs"]


@dataclass(frozen=True, repr=False)
class Igs(Strategy):
    """Each pick has the largest least product of distance in features and in answer to what is labelled or chosen.

    The product is |h - h_l| |prediction - answer_l|; picks and pending items count with their predictions. With no
    labelled or pending item it starts at the row nearest to the mean of the pool. The scores are the products at the time
    of the pick; 0 for that first item.

    Source: Wu, Lin and Huang, Active Learning for Regression Using Greedy Sampling, 2019 (iGS).
    """

    cell: ClassVar[str] = "hybrid: batch-native"
    paper: ClassVar[str] = "Wu, Lin and Huang 2019"

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` and `PREDICTION` of the pool and of pending items; `EMBEDDING` and `TARGETS` of labelled items."""
        both = frozenset({EMBEDDING, PREDICTION})
        return Needs(pool=both, labelled=frozenset({EMBEDDING, TARGETS}), uses=both)

    def select(self, ctx: Context, n: int) -> Selection:
        """Farthest first by the product."""
        h, y = ctx.pool[EMBEDDING], np.asarray(ctx.pool[PREDICTION], dtype=np.float64)
        known_h = np.asarray(ctx.labelled[EMBEDDING], dtype=np.float64)
        known_y = np.asarray(ctx.labelled[TARGETS], dtype=np.float64)
        if has(ctx.pending, EMBEDDING, PREDICTION):
            known_h = np.concatenate([known_h, np.asarray(ctx.pending[EMBEDDING], dtype=np.float64)])
            known_y = np.concatenate([known_y, np.asarray(ctx.pending[PREDICTION], dtype=np.float64)])
        rows, far = farthest_product(h, y, known_h, known_y, n, ctx.keys("igs"))
        words = [
            f"predicted {v:.3g}; far from what is labelled or chosen in features and answer (product {d:.3g})"
            if np.isfinite(d)
            else "nearest to the mean of the pool: nothing is labelled yet"
            for v, d in zip(y[rows], far, strict=True)
        ]
        return Selection(rows, np.where(np.isfinite(far), far, 0.0), tuple(words))
