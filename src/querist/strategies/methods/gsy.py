"""GSy: greedy sampling in the predicted number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import PREDICTION, TARGETS, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.greedy_sampling import farthest_number

__all__ = ["Gsy"]


@dataclass(frozen=True, repr=False)
class Gsy(Strategy):
    """Each pick is the item whose predicted number is farthest from all labelled answers and from the picks' predictions.

    Pending items count with their predictions. With no labelled or pending item it starts at the prediction nearest to
    the mean. The scores are the distances at the time of the pick; 0 for that first item.

    Source: Wu, Lin and Huang, Active Learning for Regression Using Greedy Sampling, 2019 (GSy).
    """

    cell: ClassVar[str] = "representative: diversity"
    paper: ClassVar[str] = "Wu, Lin and Huang 2019"

    @property
    def needs(self) -> Needs:
        """`PREDICTION` of the pool, and of pending items where it is there; `TARGETS` of labelled items."""
        return Needs(pool=frozenset({PREDICTION}), labelled=frozenset({TARGETS}), uses=frozenset({PREDICTION}))

    def select(self, ctx: Context, n: int) -> Selection:
        """Farthest first on a line."""
        y = np.asarray(ctx.pool[PREDICTION], dtype=np.float64)
        known = np.asarray(ctx.labelled[TARGETS], dtype=np.float64)
        if len(ctx.pending) and PREDICTION in ctx.pending:
            known = np.concatenate([known, np.asarray(ctx.pending[PREDICTION], dtype=np.float64)])
        rows, far = farthest_number(y, known, n, ctx.keys("gsy"))
        words = [
            f"predicted {v:.3g}, {d:.3g} from the nearest labelled or chosen answer"
            if np.isfinite(d)
            else f"predicted {v:.3g}, nearest to the mean prediction"
            for v, d in zip(y[rows], far, strict=True)
        ]
        return Selection(rows, np.where(np.isfinite(far), far, 0.0), tuple(words))
