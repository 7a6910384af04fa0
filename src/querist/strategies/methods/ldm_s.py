"""LDM-S: items whose label flips easily, spread over directions of the embedding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.seeds import uniform
from querist.core.signals import EMBEDDING, PERTURBED, PROBS, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.flip_seeding import Directions, draw, ease, first
from querist.strategies.kernels.perturbed import least_disagreement

__all__ = ["LdmS"]


@dataclass(frozen=True, repr=False)
class LdmS(Strategy):
    """Draws in proportion to the square of w times d: w falls with the least disagree metric, d is a cosine distance.

    The metric is that of `least_disagree`; d is the distance to the nearest item chosen. The first pick is the item of
    smallest metric. Labelled items play no part, as in the code; pending ones (their embedding) count as chosen before.
    When no item is left that is away from those chosen, the rest comes by the seed. The scores are w times d.

    Source: Cho, Lee and Yoo, Querying Easily Flip-flopped Samples for Deep Active Learning, 2024, and its code.
    """

    cell: ClassVar[str] = "hybrid: batch-native"
    paper: ClassVar[str] = "Cho, Lee and Yoo 2024"

    @property
    def needs(self) -> Needs:
        """`PROBS`, `PERTURBED` and `EMBEDDING` of the pool; `EMBEDDING` of pending items where it is there."""
        return Needs(pool=frozenset({PROBS, PERTURBED, EMBEDDING}), uses=frozenset({EMBEDDING}))

    def select(self, ctx: Context, n: int) -> Selection:
        """One draw after the other."""
        metric = least_disagreement(ctx.pool[PROBS], ctx.pool[PERTURBED])
        weights = ease(metric, n)
        directions = Directions(ctx.pool[EMBEDDING])
        far = np.full(ctx.size, np.inf)
        if len(ctx.pending) and EMBEDDING in ctx.pending:
            far = directions.distance(np.asarray(ctx.pending[EMBEDDING]))
        free = np.ones(ctx.size, dtype=bool)
        rows, scores, reasons = [], [], []
        for turn in range(n):
            if np.isinf(far[0]):  # nothing to be away from
                row, away = first(metric, ctx.keys("ldm_s")), 1.0
            else:
                row = draw((weights * far) ** 2, uniform(ctx.keys(f"ldm_s {turn}")), free)
                away = float(far[row])
            free[row] = False
            far = np.minimum(far, directions.distance(directions.row(row)))
            rows.append(row)
            scores.append(float(weights[row]) * away)
            reasons.append(
                f"a model that relabels {metric[row]:.1%} of the pool relabels it; {away:.3g} from those chosen"
            )
        return Selection(np.array(rows, dtype=np.int64), np.array(scores), tuple(reasons))
