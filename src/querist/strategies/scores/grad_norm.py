"""Gradient length: how far the last layer would move if the model's own guess were the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import GRADIENT, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.lengths import row_norms

__all__ = ["GradNorm"]


@dataclass(frozen=True, repr=False)
class GradNorm(Score):
    """||a|| ||h||: length of the gradient of the last layer's weights at the predicted label, without a bias term.

    Source: Ash, Zhang, Krishnamurthy, Langford and Agarwal, Deep Batch Active Learning by Diverse, Uncertain Gradient
    Lower Bounds, 2020, section 3 (its proposition 1: a lower bound of the length at the true label).
    """

    cell: ClassVar[str] = "influence"
    paper: ClassVar[str] = "Ash et al. 2020"

    @property
    def needs(self) -> Needs:
        """`GRADIENT` of the pool."""
        return Needs(pool=frozenset({GRADIENT}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at least 0."""
        a, h = ctx.pool[GRADIENT]
        return np.asarray(row_norms(a) * row_norms(h))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The length."""
        return [f"gradient of length {v:.3g} at the predicted label" for v in values]
