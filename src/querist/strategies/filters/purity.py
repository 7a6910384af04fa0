"""Purity: only items that are probably wanted go on; how probably is learned from what the last batches turned out."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import PROBS, Context, Needs
from querist.core.types import Round
from querist.strategies.algebra import Filter, Score, as_score, rated
from querist.strategies.kernels.blocks import blocks
from querist.strategies.kernels.order import top

__all__ = ["Purity"]


@dataclass(frozen=True, repr=False)
class Purity(Filter):
    """Keeps items whose estimated probability of being wanted reaches a threshold that follows the measured purity.

    A pool may hold items of no class of the task; annotators reject them, and the answer is lost. The purity of a round
    is measured: labels / (labels + rejections) since the fit before it. The threshold begins at ``start`` and moves after
    each round that had an answer:

        threshold <- clip(threshold + rate * (target - purity), 0, 1)

    so it rises while more than 1 - ``target`` of the answers are rejections and falls when there are fewer: recall is
    taken back as soon as purity allows. It is read from the session's history alone; on bare arrays it is ``start``. Where
    fewer items than the batch reach it, those of highest probability stay.

    The estimate is the ``score``, which must lie between 0 and 1; without one the probability summed over ``classes``;
    without those the largest probability (the baseline of Hendrycks and Gimpel, A Baseline for Detecting Misclassified
    and Out-of-Distribution Examples, 2017).

    Source: ours; the two stages "probably known, then informative" as in Ning, Zhao, Li and Huang, Active Learning for
    Open-set Annotation, 2022, with an integral controller in the place of a fixed threshold.

    Args:
        target: share of answers that are to be labels, from 0 to 1.
        start: threshold before anything was measured; ``target`` when None.
        rate: how far the threshold moves for a purity that is off by 1, at least 0.
        classes: numbers of the wanted classes.
        score: estimate of the probability of being wanted. At most one of ``classes`` and ``score`` is given.
    """

    target: float = 0.8
    start: float | None = None
    rate: float = 0.5
    classes: tuple[int, ...] | None = None
    score: Score | None = None
    cell: ClassVar[str] = "filter"
    paper: ClassVar[str] = "Ning et al. 2022 (the two stages)"

    def __post_init__(self) -> None:
        """Check the numbers; take a list of classes, and text for the score."""
        for name, value, high in (("target", self.target, 1.0), ("start", self.start, 1.0), ("rate", self.rate, 1e9)):
            if value is None:
                continue
            words = "a number from 0 to 1" if high == 1.0 else "a number ≥ 0"
            if isinstance(value, bool) or not isinstance(value, numbers.Real):
                raise ArgumentTypeError(
                    f"{name} must be {words}, got {type(value).__name__} {shorten(value)}", code="BadParameter"
                )
            if not 0 <= value <= high:
                raise ArgumentError(f"{name} must be {words}, got {value}", code="BadParameter")
        if self.classes is not None and self.score is not None:
            raise ArgumentError("purity takes classes or score, not both", code="BadParameter")
        if self.classes is not None:
            object.__setattr__(self, "classes", _class_numbers(self.classes))
        if self.score is not None:
            object.__setattr__(self, "score", as_score(self.score))

    @property
    def needs(self) -> Needs:
        """What the score needs, else `PROBS`."""
        return Needs(pool=frozenset({PROBS})) if self.score is None else self.score.needs

    def threshold(self, history: Sequence[Round]) -> float:
        """The threshold after these rounds."""
        now = self.target if self.start is None else self.start
        for past in history:
            answers = len(past.queried) + past.rejected
            if answers:
                purity = len(past.queried) / answers
                now = min(max(now + self.rate * (self.target - purity), 0.0), 1.0)
        return float(now)

    def keep(self, ctx: Context, n: int) -> NDArray[np.int64]:
        """The rows that are probably wanted, sorted; ties by the tie key."""
        chances = self._chances(ctx)
        enough = np.flatnonzero(chances >= self.threshold(ctx.history) - 1e-6)  # rows sum to 1 within rounding
        if len(enough) >= min(n, ctx.size):
            return enough.astype(np.int64)
        return np.sort(top(chances, min(n, ctx.size), ctx.keys("purity")))

    def _chances(self, ctx: Context) -> NDArray[np.float64]:
        if self.score is not None:
            values = np.asarray(rated(self.score, ctx), dtype=np.float64)
            if values.min() < -1e-6 or values.max() > 1 + 1e-6:
                raise ArgumentError(
                    f"purity needs a score between 0 and 1; {self.score} goes from {values.min():.4g} to "
                    f"{values.max():.4g}; write minmax({self.score})",
                    code="BadParameter",
                )
            return values
        probs = ctx.pool[PROBS]
        if self.classes is not None and max(self.classes) >= probs.shape[1]:
            raise ArgumentError(
                f"purity names class {max(self.classes)}, and probs has {probs.shape[1]} classes, numbered from 0",
                code="BadParameter",
            )
        out = np.empty(len(probs))
        for rows, block in blocks(probs):
            wide = block.astype(np.float64, copy=False)
            out[rows] = wide.max(axis=1) if self.classes is None else wide[:, list(self.classes)].sum(axis=1)
        return out

    def describe(self, kept: int, of: int) -> str:
        """How sure it is that they are wanted."""
        return f"among {kept:,} of {of:,} most probably wanted ({self})"


def _class_numbers(value: object) -> tuple[int, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence) or not value:
        raise ArgumentTypeError(f"classes must be a list of class numbers, got {shorten(value)}", code="BadParameter")
    for number in value:
        if isinstance(number, bool) or not isinstance(number, numbers.Integral) or number < 0:
            raise ArgumentTypeError(
                f"classes must be class numbers ≥ 0, got {type(number).__name__} {shorten(number)}", code="BadParameter"
            )
    return tuple(sorted({int(number) for number in value}))
