"""Variation ratio: how many members vote against the majority."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import Context
from querist.strategies.algebra import FloatArray
from querist.strategies.kernels.members import modal_share
from querist.strategies.scores.committee import CommitteeScore

__all__ = ["VariationRatio"]


@dataclass(frozen=True, repr=False)
class VariationRatio(CommitteeScore):
    """1 - (votes for the class with most votes) / S; a member votes for its largest class, the first of equals.

    Source: Freeman, Elementary Applied Statistics, 1965; Gal, Islam and Ghahramani, Deep Bayesian Active Learning
    with Image Data, 2017, section 3.
    """

    paper: ClassVar[str] = "Freeman 1965; Gal, Islam and Ghahramani 2017"

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) in [0, 1)."""
        return np.asarray(1.0 - modal_share(*self.passing(ctx)))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """How many members disagree."""
        samples = self.members(ctx).shape[1]
        return [f"{round(v * samples)} of {samples} members vote against the majority" for v in values]
