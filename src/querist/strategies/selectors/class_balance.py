"""Class balance: high scores, and classes in equal numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import LABELS, PROBS, Context, Needs, Selection
from querist.strategies.algebra import FloatArray, Selector
from querist.strategies.kernels.balance import balanced_greedy

__all__ = ["ClassBalance"]


@dataclass(frozen=True, repr=False)
class ClassBalance(Selector):
    """Each pick has the least - score + weight * sum over classes of |items lacking - expected items chosen|.

    Lacking is what a class has less than an equal share of all labelled, pending and asked items together, at least 0.
    Labelled items count by their labels, pending ones by their most probable class. ``entropy >> class_balance`` is the
    published method; without a score only the balance counts. The scores are the ratings, or the negative sums when
    there are none.

    Source: Bengar, van de Weijer, Lopez Fuentes and Raducanu, Class-Balanced Active Learning for Image Classification,
    2022; the greedy form, which their code uses for k-centre and this one for any score. They solve for a sum of scores
    with an integer programme.

    Args:
        weight: of the balance beside the score; 0.6 and 2 in the paper for entropy in nats with 10 and 100 classes.
    """

    weight: float = 1.0
    cell: ClassVar[str] = "hybrid: parallel"
    paper: ClassVar[str] = "Bengar et al. 2022"

    def __post_init__(self) -> None:
        """Refuse a weight below 0."""
        if isinstance(self.weight, bool) or not isinstance(self.weight, (int, float)):
            raise ArgumentTypeError(
                f"weight must be a number ≥ 0, got {type(self.weight).__name__} {shorten(self.weight)}",
                code="BadParameter",
            )
        if not 0 <= self.weight < float("inf"):
            raise ArgumentError(f"weight must be a number ≥ 0, got {self.weight}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`PROBS` of the pool; `LABELS` of labelled and `PROBS` of pending items where they are there."""
        return Needs(pool=frozenset({PROBS}), uses=frozenset({LABELS, PROBS}))

    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """Greedy."""
        probs = ctx.pool[PROBS]
        classes = probs.shape[1]
        have = np.zeros(classes)
        if len(ctx.labelled) and LABELS in ctx.labelled:
            labels = np.asarray(ctx.labelled[LABELS])
            if len(labels) and (labels.min() < 0 or labels.max() >= classes):
                raise ArgumentError(
                    f"labels of the labelled go from {labels.min()} to {labels.max()}, probs has {classes} classes, "
                    "numbered from 0",
                    code="ClassMismatch",
                )
            have += np.bincount(labels, minlength=classes)
        if len(ctx.pending) and PROBS in ctx.pending:
            have += np.bincount(np.asarray(ctx.pending[PROBS]).argmax(axis=1), minlength=classes)
        lacking = np.maximum((have.sum() + n) / classes - have, 0.0)
        ratings = None if scores is None else np.asarray(scores, dtype=np.float64)
        rows, totals = balanced_greedy(probs, ratings, lacking, float(self.weight), n, ctx.keys("class_balance"))
        likely = np.asarray(probs[rows]).argmax(axis=1)
        words = tuple(f"likely of class {c}, of which {lacking[c]:.1f} are lacking" for c in likely)
        return Selection(rows, -totals if ratings is None else ratings[rows], words)
