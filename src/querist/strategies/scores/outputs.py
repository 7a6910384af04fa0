"""What the scores over outputs of several checkpoints share: they read a history of probabilities, and say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.errors import ArgumentError, DataError
from querist.core.signals import HISTORY, Context, Needs
from querist.core.types import Array
from querist.strategies.algebra import Score

__all__ = ["OutputScore", "outputs_of"]

TOLERANCE = 1e-3
"""How far a row of probabilities may be from summing to one."""


@dataclass(frozen=True, repr=False)
class OutputScore(Score):
    """A score of `HISTORY` of shape (N, T, C)."""

    cell: ClassVar[str] = "uncertainty"

    @property
    def needs(self) -> Needs:
        """`HISTORY` of the pool."""
        return Needs(pool=frozenset({HISTORY}))


def outputs_of(ctx: Context, who: object) -> Array:
    """(N, T, C) probabilities of each checkpoint, oldest first.

    Raises:
        ArgumentError: the history holds one number a step, or no step (code ``ShapeMismatch``).
        DataError: its rows are no probabilities (code ``BadScores``).
    """
    history: Array = np.asarray(ctx.pool[HISTORY])
    if history.ndim != 3 or 0 in history.shape[1:]:
        raise ArgumentError(
            f"{who} needs a history of probabilities, shape (N, T, C) with at least one step; got "
            f"{tuple(history.shape)}",
            code="ShapeMismatch",
        )
    step = max(1, (1 << 20) // max(history.shape[1] * history.shape[2], 1))
    for start in range(0, len(history), step):
        block = history[start : start + step]
        sums = block.sum(axis=2, dtype=np.float64)
        if block.min() < 0 or np.abs(sums - 1.0).max() > TOLERANCE:
            raise DataError(
                f"{who} needs a history of probabilities: rows sum to between {sums.min():.4g} and {sums.max():.4g}, "
                f"the smallest value is {block.min():.4g}; apply softmax first",
                code="BadScores",
            )
    return history
