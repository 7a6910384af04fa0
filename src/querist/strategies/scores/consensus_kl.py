"""Consensus KL: how far the members' beliefs lie from their mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import Context
from querist.strategies.algebra import FloatArray
from querist.strategies.kernels.members import information
from querist.strategies.scores.committee import CommitteeScore

__all__ = ["ConsensusKl"]


@dataclass(frozen=True, repr=False)
class ConsensusKl(CommitteeScore):
    """Mean over members of KL(member || mean of the members), in nats.

    With equal weights it is the same number as `Bald`: the mean of sum p log (p / m) is the entropy of m less the mean
    of the entropies of p. It is kept under its own name because committees are known by it.

    Source: McCallum and Nigam, Employing EM and Pool-Based Active Learning for Text Classification, 1998.
    """

    paper: ClassVar[str] = "McCallum and Nigam 1998"

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) in [0, log min(S, C)]."""
        members, look = self.passing(ctx)
        return information(members, look=look)

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The distance from the consensus."""
        samples = self.members(ctx).shape[1]
        return [f"{samples} members lie {v:.2f} nats from their consensus" for v in values]
