"""Threshold distance: how close the probability of a class is to the threshold of a decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import PROBS, Context, Needs
from querist.core.types import Array
from querist.strategies.algebra import FloatArray, Score

__all__ = ["ThresholdDistance", "class_column"]


@dataclass(frozen=True, repr=False)
class ThresholdDistance(Score):
    """1 - |p - threshold|, p being the probability of the positive class.

    For decisions that are not taken at one half: costs of the two errors that differ, or a rare class. With a threshold
    of one half and two classes the order is that of `margin`.

    Source: Lewis and Gale, A Sequential Algorithm for Training Text Classifiers, 1994 (items nearest to one half); any
    other threshold is the same rule for the boundary that the decision has.

    Args:
        threshold: probability above which the positive class is decided.
        positive: number of the positive class; None for the last one.
    """

    threshold: float = 0.5
    positive: int | None = None
    cell: ClassVar[str] = "uncertainty"
    paper: ClassVar[str] = "Lewis and Gale 1994"

    def __post_init__(self) -> None:
        """Refuse bad parameters."""
        if isinstance(self.threshold, bool) or not isinstance(self.threshold, (int, float)):
            raise ArgumentTypeError(
                f"threshold must be a number from 0 to 1, got {type(self.threshold).__name__} "
                f"{shorten(self.threshold)}",
                code="BadParameter",
            )
        if not 0 <= self.threshold <= 1:
            raise ArgumentError(f"threshold must be a number from 0 to 1, got {self.threshold}", code="BadParameter")
        k = self.positive
        if k is not None and (isinstance(k, bool) or not isinstance(k, int) or k < 0):
            raise ArgumentError(f"positive must be a class number ≥ 0, got {k!r}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`PROBS` of the pool."""
        return Needs(pool=frozenset({PROBS}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) from 0 to 1; 1 on the threshold."""
        return np.asarray(1.0 - np.abs(class_column(ctx.pool[PROBS], self.positive, self) - self.threshold))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The probability beside the threshold."""
        p = class_column(ctx.pool[PROBS][rows], self.positive, self)
        return [f"probability {v:.2f} beside the threshold {self.threshold:g}" for v in p]


def class_column(probs: Array, label: int | None, who: object) -> NDArray[np.float64]:
    """(N,) probabilities of one class, the last for None.

    Raises:
        ArgumentError: there is no such class (code ``ClassMismatch``).
    """
    if label is not None and label >= probs.shape[1]:
        raise ArgumentError(
            f"{who} asks for class {label}, and probs has {probs.shape[1]} classes, numbered from 0",
            code="ClassMismatch",
        )
    return np.asarray(probs[:, -1 if label is None else label], dtype=np.float64)
