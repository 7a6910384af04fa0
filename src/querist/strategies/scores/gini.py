"""Gini impurity: how often two draws from the prediction differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.checks import in_passing
from querist.core.signals import PROBS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.probabilities import impurity

__all__ = ["Gini"]


@dataclass(frozen=True, repr=False)
class Gini(Score):
    """1 - sum over classes of p^2: the expected 0-1 loss of a guess drawn from p, and the Brier score p expects of itself.

    It is the Tsallis entropy of order 2.

    Source: Breiman, Friedman, Olshen and Stone, Classification and Regression Trees, 1984, section 4.3.
    """

    cell: ClassVar[str] = "uncertainty"
    paper: ClassVar[str] = "Breiman, Friedman, Olshen and Stone 1984"

    @property
    def needs(self) -> Needs:
        """`PROBS` of the pool."""
        return Needs(pool=frozenset({PROBS}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) in [0, 1 - 1/C]."""
        return impurity(*in_passing(ctx.pool, PROBS))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The impurity beside the largest there can be."""
        most = 1.0 - 1.0 / ctx.pool[PROBS].shape[1]
        return [f"two draws from the prediction differ with probability {v:.2f} of at most {most:.2f}" for v in values]
