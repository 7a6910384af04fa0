"""BALD: what an answer would tell about the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import Context
from querist.strategies.algebra import FloatArray
from querist.strategies.kernels.members import information
from querist.strategies.scores.committee import CommitteeScore, most_nats

__all__ = ["Bald"]


@dataclass(frozen=True, repr=False)
class Bald(CommitteeScore):
    """Mutual information of label and model: entropy of the mean less the mean of the entropies, in nats.

    Source: Houlsby, Huszár, Ghahramani and Lengyel, Bayesian Active Learning for Classification and Preference
    Learning, 2011, equation 2.
    """

    cell: ClassVar[str] = "Bayesian"
    paper: ClassVar[str] = "Houlsby, Huszár, Ghahramani and Lengyel 2011"

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) in [0, log min(S, C)]; 0 where all members agree."""
        members, look = self.passing(ctx)
        return information(members, look=look)

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The information beside the most there can be."""
        most = most_nats(*self.members(ctx).shape[1:])
        return [f"an answer tells {v:.2f} {most} about the model" for v in values]
