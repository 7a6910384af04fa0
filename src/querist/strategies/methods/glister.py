"""GLISTER-Active: items whose gradient steps lower the loss of a validation set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import EMBEDDING, LABELS, PROBS, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.influence import glister, total_gradient
from querist.strategies.methods.last_layer import answered, guessed, has
from querist.strategies.parameters import check_positive

__all__ = ["Glister"]


@dataclass(frozen=True, repr=False)
class Glister(Strategy):
    """Greedy on the reference set's loss after one gradient step of the last layer for each chosen item.

    Each pick is the item whose gradient, at the model's own guess, goes best with the gradient of the reference set's
    mean loss; then the weights move one step along it and the reference set is predicted anew. Pending items count as
    chosen before, each with a step; labelled items play no part, as the model has been fitted to them. The scores are by
    how much, to first order, the step for each item lowers the loss (nats); below 0 when no item helps any more.

    Needs a reference set with probabilities, features and labels. Time grows with N C D a pick.

    Source: Killamsetty, Sivasubramanian, Ramakrishnan and Iyer, GLISTER: Generalization based Data Subset Selection for
    Efficient and Robust Learning, 2021 (GLISTER-ACTIVE, with the Taylor form of the step). Rule checked against the
    authors' code.

    Args:
        step: length of a gradient step, above 0: the learning rate.
    """

    step: float = 0.05
    cell: ClassVar[str] = "influence"
    paper: ClassVar[str] = "Killamsetty, Sivasubramanian, Ramakrishnan and Iyer 2021"

    def __post_init__(self) -> None:
        """Refuse a bad step when it is written."""
        check_positive(self.step, "step")

    @property
    def needs(self) -> Needs:
        """`PROBS` and `EMBEDDING` of the pool and of pending items; these and `LABELS` of the reference set."""
        both = frozenset({PROBS, EMBEDDING})
        return Needs(pool=both, reference=both | {LABELS}, uses=both)

    def select(self, ctx: Context, n: int) -> Selection:
        """Greedy steps."""
        assert ctx.reference is not None
        residual, h = guessed(ctx.pool)
        before = np.zeros((residual.shape[1], h.shape[1]))
        if has(ctx.pending, PROBS, EMBEDDING):
            before = total_gradient(*guessed(ctx.pending))
        step = float(self.step)
        rows, gains = glister(residual, h, answered(ctx.reference), n, step, ctx.keys("glister"), before)
        words = [
            f"a step for it lowers the loss of the reference set by {g:.3g}"
            if g > 0
            else f"no item lowers the loss of the reference set any more ({g:.3g})"
            for g in gains
        ]
        return Selection(rows, gains, tuple(words))
