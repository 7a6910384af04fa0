"""Noise stability: a batch whose predictions move most, and in different directions, when noise is put on the weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import PERTURBED, PROBS, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.k_center import farthest_first
from querist.strategies.kernels.perturbed import deviations

__all__ = ["NoiseStability"]


@dataclass(frozen=True, repr=False)
class NoiseStability(Strategy):
    """Farthest first among the deviations (perturbed - probs) / |probs|, strung together over K perturbations.

    The origin, an item that noise does not move, counts as chosen before: the first pick has the longest deviation, and
    no item is picked for its direction that hardly moves. Labelled items play no part, as in the paper; pending ones
    count as chosen before. The scores are the distances at the time of the pick.

    Source: Li, Yang, Gu, Zhan, Wang, Xu and Xu, Deep Active Learning with Noise Stability, 2024, and the greedy k-centre
    of its code, whose distances begin with the lengths of the deviations.
    """

    cell: ClassVar[str] = "hybrid: batch-native"
    paper: ClassVar[str] = "Li, Yang, Gu, Zhan, Wang, Xu and Xu 2024"

    @property
    def needs(self) -> Needs:
        """`PROBS` and `PERTURBED` of the pool; of pending items where they are there."""
        both = frozenset({PROBS, PERTURBED})
        return Needs(pool=both, uses=both)

    def select(self, ctx: Context, n: int) -> Selection:
        """Farthest first from the origin and from what is pending."""
        moved = deviations(ctx.pool[PROBS], ctx.pool[PERTURBED])
        geometry = Euclidean(moved)
        centres = geometry.shifted(np.zeros((1, moved.shape[1])))
        if len(ctx.pending) and PROBS in ctx.pending and PERTURBED in ctx.pending:
            waiting = deviations(ctx.pending[PROBS], ctx.pending[PERTURBED])
            centres = np.concatenate([centres, geometry.shifted(waiting)])
        nearest = np.full(geometry.size, np.inf, dtype=geometry.dtype)
        geometry.lower(nearest, centres)
        rows, squared = farthest_first(geometry, n, nearest, ctx.keys("noise_stability"))
        lengths = np.sqrt(np.vecdot(moved[rows], moved[rows]))
        distances = np.sqrt(squared).astype(np.float64)
        words = tuple(
            f"noise moves its prediction by {length:.3g} of its length, {d:.3g} away from those chosen"
            for length, d in zip(lengths, distances, strict=True)
        )
        return Selection(rows, distances, words)
