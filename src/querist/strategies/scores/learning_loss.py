"""Learning loss: the loss that a head of the network predicts for an item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import LOSS, Context, Needs
from querist.strategies.algebra import FloatArray, Score

__all__ = ["LearningLoss"]


@dataclass(frozen=True, repr=False)
class LearningLoss(Score):
    """The loss that a side head, trained by ranking the losses of labelled items, predicts for each item.

    Training the head is the work of the plug-in ``learning_loss``; the score is what it publishes. Its numbers have an
    order and no scale: compare them by `rank` before adding them to others.

    Source: Yoo and Kweon, Learning Loss for Active Learning, 2019.
    """

    cell: ClassVar[str] = "uncertainty"
    paper: ClassVar[str] = "Yoo and Kweon 2019"

    @property
    def needs(self) -> Needs:
        """`LOSS` of the pool, from the plug-in ``learning_loss``."""
        return Needs(pool=frozenset({LOSS}), plugin="learning_loss")

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) predicted losses."""
        return np.asarray(ctx.pool[LOSS], dtype=np.float64)

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The predicted loss."""
        return [f"the loss head predicts a loss of {v:.3g}" for v in values]
