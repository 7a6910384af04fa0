"""BALD for regression: what an answer would tell about the model, noise set apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import MEMBERS, NOISE, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.gaussian_members import gaussian_information
from querist.strategies.scores.committee import regression_members

__all__ = ["BaldRegression"]


@dataclass(frozen=True, repr=False)
class BaldRegression(Score):
    """1/2 log(1 + variance of the members / variance of the noise), in nats; members have shape (N, S).

    An answer is the model's prediction plus noise. For Gaussians, entropy of the answer less its entropy when the model
    is known is 1/2 log(v + noise) - 1/2 log(noise). `pred_variance` asks for the same items only where the noise is alike
    everywhere. Noise of 0 counts as 1e-15 of the variance, so that the score is at most 17.3.

    Source: Houlsby, Huszár, Ghahramani and Lengyel, Bayesian Active Learning for Classification and Preference
    Learning, 2011, equation 2, for Gaussian answers.
    """

    cell: ClassVar[str] = "Bayesian"
    paper: ClassVar[str] = "Houlsby, Huszár, Ghahramani and Lengyel 2011"

    @property
    def needs(self) -> Needs:
        """`MEMBERS` of the pool, shape (N, S), and `NOISE`, a variance for each item."""
        return Needs(pool=frozenset({MEMBERS, NOISE}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at least 0."""
        return gaussian_information(regression_members(self, ctx), ctx.pool[NOISE])

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The information, and how often the noise the members' variance is."""
        ratios = np.expm1(2.0 * np.asarray(values, dtype=np.float64))
        return [
            f"an answer tells {v:.2g} nats about the model: its members vary {r:.2g} times as much as answers do by noise"
            for v, r in zip(values, ratios, strict=True)
        ]
