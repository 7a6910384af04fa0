"""TOD: items on which the model of this round and the model of the last differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import HISTORY, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.outputs import last_move

__all__ = ["Tod"]


@dataclass(frozen=True, repr=False)
class Tod(Score):
    """Euclidean distance between the last two outputs of an item, one a round (or a number each, for regression).

    With one output only there is nothing to compare: every item is rated 0, and the tie keys choose (a draw without
    return). The paper's code compares with an untrained network there, and takes the smallest distances.

    Source: Huang, Wang, Xiong, Huan and Dou, Semi-Supervised Active Learning with Temporal Output Discrepancy, 2021.
    Its code halves the squared distance, which leaves the order.
    """

    cell: ClassVar[str] = "uncertainty"
    paper: ClassVar[str] = "Huang, Wang, Xiong, Huan and Dou 2021"

    @property
    def needs(self) -> Needs:
        """`HISTORY` of the pool."""
        return Needs(pool=frozenset({HISTORY}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) distances; all 0 with one output."""
        return last_move(np.asarray(ctx.pool[HISTORY]))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """How far the output moved."""
        if ctx.pool[HISTORY].shape[1] < 2:
            return ["drawn by the seed: there is no output of an earlier round to compare with"] * len(values)
        return [f"its output moved by {v:.3g} since the round before" for v in values]
