"""Predictive entropy: how spread out the mean of the members is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import Context
from querist.strategies.algebra import FloatArray
from querist.strategies.kernels.members import mean_entropy
from querist.strategies.scores.committee import CommitteeScore, most_nats

__all__ = ["PredictiveEntropy"]


@dataclass(frozen=True, repr=False)
class PredictiveEntropy(CommitteeScore):
    """Entropy in nats of the mean over members.

    Source: Gal, Islam and Ghahramani, Deep Bayesian Active Learning with Image Data, 2017, section 3 (max entropy).
    """

    paper: ClassVar[str] = "Gal, Islam and Ghahramani 2017"

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) in [0, log C]."""
        return mean_entropy(*self.passing(ctx))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The entropy beside the largest there can be."""
        samples, classes = self.members(ctx).shape[1:]
        most = most_nats(classes)
        return [f"entropy of the mean of {samples} members {v:.2f} {most}" for v in values]
