"""Expected gradient length: how far the last layer is expected to move once the answer is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError
from querist.core.signals import EMBEDDING, GRADIENT, PROBS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.lengths import expected_length, expected_length_of_residual, row_norms

__all__ = ["Egl"]


@dataclass(frozen=True, repr=False)
class Egl(Score):
    """Sum over classes c of p_c ||p - onehot(c)|| ||h||, without a bias term.

    From `PROBS` and `EMBEDDING`, or from `GRADIENT` where one of them is not at hand: its a gives p back.

    Source: Settles, Craven and Ray, Multiple-Instance Active Learning, 2008.
    """

    cell: ClassVar[str] = "influence"
    paper: ClassVar[str] = "Settles, Craven and Ray 2008"

    @property
    def needs(self) -> Needs:
        """`PROBS` and `EMBEDDING` of the pool, for which `GRADIENT` may stand in."""
        return Needs(pool=frozenset({PROBS, EMBEDDING}), instead=frozenset({(PROBS, GRADIENT), (EMBEDDING, GRADIENT)}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at least 0; 0 where the model is sure."""
        if GRADIENT in ctx.pool and not (PROBS in ctx.pool and EMBEDDING in ctx.pool):
            a, h = ctx.pool[GRADIENT]
            if a.shape[1] == 1 and np.any(a > 0):  # of one class a is 0, of a number 1
                raise ArgumentError(
                    "egl needs class probabilities, and the model predicts a number; emcm and grad_norm take numbers",
                    code="NeedsCapability",
                )
            return np.asarray(expected_length_of_residual(a) * row_norms(h))
        return np.asarray(expected_length(ctx.pool[PROBS]) * row_norms(ctx.pool[EMBEDDING]))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The expected length."""
        return [f"expected gradient length {v:.3g}" for v in values]
