"""Vote entropy: how evenly the members' votes are spread over the classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import Context
from querist.strategies.algebra import FloatArray
from querist.strategies.kernels.members import vote_entropy
from querist.strategies.scores.committee import CommitteeScore, most_nats

__all__ = ["VoteEntropy"]


@dataclass(frozen=True, repr=False)
class VoteEntropy(CommitteeScore):
    """Entropy in nats of the shares of votes; a member votes for its largest class, the first of equals.

    Source: Dagan and Engelson, Committee-Based Sampling for Training Probabilistic Classifiers, 1995.
    """

    paper: ClassVar[str] = "Dagan and Engelson 1995"

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) in [0, log min(S, C)]."""
        return vote_entropy(*self.passing(ctx))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The entropy beside the largest there can be."""
        most = most_nats(*self.members(ctx).shape[1:])
        return [f"vote entropy {v:.2f} {most}" for v in values]
