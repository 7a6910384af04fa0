"""Temporal ensembles: the outputs of earlier rounds or epochs averaged before they are rated."""

from __future__ import annotations

import numbers
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import HISTORY, PROBS, Context, Needs, View
from querist.strategies.algebra import FloatArray, Score, as_score, rated
from querist.strategies.kernels.outputs import moving_average
from querist.strategies.scores.entropy import Entropy
from querist.strategies.scores.outputs import outputs_of

__all__ = ["TemporalEnsemble"]

_BY_DEFAULT = Entropy()


@dataclass(frozen=True, repr=False)
class TemporalEnsemble(Score):
    """Rates by a score of probabilities, the moving average of all outputs so far standing in for the last ones.

    ``temporal_ensemble(margin)`` is ``margin`` on the average of history (N, T, C), in which each step counts ``decay``
    times as much as the step after it. The ratings of one round are less at the mercy of one training.

    Args:
        score: a score that reads probabilities.
        decay: what a step leaves of those before it, from 0 (the last output only) to below 1.

    Source: the average of Laine and Aila, Temporal Ensembling for Semi-Supervised Learning, 2017, algorithm 2 (its decay
    is 0.6), rated as usual.
    """

    score: Score = _BY_DEFAULT
    decay: float = 0.6
    cell: ClassVar[str] = "uncertainty"
    paper: ClassVar[str] = "after Laine and Aila 2017"

    def __post_init__(self) -> None:
        """Take text for the score as well; it must read probabilities."""
        object.__setattr__(self, "score", as_score(self.score))
        if PROBS not in self.score.needs.pool:
            raise ArgumentTypeError(
                f"temporal_ensemble takes a score of probabilities, e.g. temporal_ensemble(margin); {self.score} reads "
                "none",
                code="BadParameter",
            )
        words = "decay must be a number from 0 to below 1"
        if isinstance(self.decay, bool) or not isinstance(self.decay, numbers.Real):
            raise ArgumentTypeError(
                f"{words}, got {type(self.decay).__name__} {shorten(self.decay)}", code="BadParameter"
            )
        if not 0 <= float(self.decay) < 1:
            raise ArgumentError(f"{words}, got {self.decay}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """What the score needs, with `HISTORY` in the place of `PROBS`."""
        inner = self.score.needs
        return replace(inner, pool=(inner.pool - {PROBS}) | {HISTORY}, whole=frozenset())

    def rate(self, ctx: Context) -> FloatArray:
        """As the score rates the average."""
        return rated(self.score, self._inside(ctx))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """As the score says it."""
        steps = ctx.pool[HISTORY].shape[1]
        return [f"{why}; averaged over {steps} outputs" for why in self.score.explain(self._inside(ctx), rows, values)]

    def _inside(self, ctx: Context) -> Context:
        """The same context with the average as probabilities."""
        arrays = {PROBS: moving_average(outputs_of(ctx, self), float(self.decay))}
        arrays |= {signal: ctx.pool[signal] for signal in self.needs.pool - {HISTORY}}
        return replace(ctx, pool=View(ctx.size, arrays), whole=None)
