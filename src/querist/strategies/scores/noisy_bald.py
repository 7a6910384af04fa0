"""BALD where some answers are wrong."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import Context
from querist.strategies.algebra import FloatArray
from querist.strategies.kernels.members import information
from querist.strategies.scores.committee import CommitteeScore

__all__ = ["NoisyBald"]


@dataclass(frozen=True, repr=False)
class NoisyBald(CommitteeScore):
    """Mutual information of the model and an answer that is wrong with probability ``noise``, in nats.

    What is observed is not the label y but an answer a: a = y with probability 1 - e, and any other class with
    probability e / (C - 1). Given the model s, the answer has distribution

        p'_s = T p_s = (1 - e) p_s + e (1 - p_s) / (C - 1),   T the symmetric channel,

    and the answer depends on the model through the label only. So the information of answer and model is `bald` with p'
    in place of p: H(mean of p'_s) - mean of H(p'_s). By the data processing inequality it is at most `bald`; it is 0 when
    e = (C - 1) / C, where answers say nothing.

    Args:
        noise: e, the share of answers that are wrong, from 0 to 1.

    Source: derived here from Houlsby, Huszár, Ghahramani and Lengyel, 2011, equation 2, and the symmetric channel of
    Shannon, A Mathematical Theory of Communication, 1948, section 12.
    """

    noise: float = 0.1
    cell: ClassVar[str] = "Bayesian"
    paper: ClassVar[str] = "Houlsby, Huszár, Ghahramani and Lengyel 2011; Shannon 1948"

    def __post_init__(self) -> None:
        """Refuse a bad share when it is written, not when it is used."""
        if isinstance(self.noise, bool) or not isinstance(self.noise, numbers.Real):
            raise ArgumentTypeError(
                f"noise must be a share from 0 to 1, got {type(self.noise).__name__} {shorten(self.noise)}",
                code="BadParameter",
            )
        if not 0 <= float(self.noise) <= 1 or math.isnan(float(self.noise)):
            raise ArgumentError(f"noise must be a share from 0 to 1, got {self.noise}", code="BadParameter")

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) in [0, log min(S, C)]; 0 where all members agree."""
        members, look = self.passing(ctx)
        return information(members, float(self.noise), look)

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The information, and the share of wrong answers it allows for."""
        wrong = f"{100 * float(self.noise):.3g} % of them being wrong"
        return [f"an answer tells {v:.2g} nats about the model, {wrong}" for v in values]
