"""MOCU: how many errors on a reference set an answer is expected to save."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import Context
from querist.strategies.algebra import FloatArray
from querist.strategies.kernels.joint import expected_error_drop
from querist.strategies.scores.paired import PairedScore

__all__ = ["Mocu"]


@dataclass(frozen=True, repr=False)
class Mocu(PairedScore):
    """Expected drop of the mean objective cost of uncertainty: of errors of the best classifier on the reference set.

    The best guess at x' errs with probability 1 - max p(.|x'), p being the mean over members; knowing the model it would
    err less, and the difference is the cost of uncertainty. An answer y at x re-weights the members by p_s(y|x); the part
    that depends on the model cancels, so the drop is sum over y of p(y|x) mean over x' of [max p(.|x', x, y) - max
    p(.|x')]. It is 0 where no single answer changes a guess: `smocu` does not get stuck there.

    Source: Zhao, Dougherty, Yoon, Alexander and Qian, Uncertainty-aware Active Learning for Optimal Bayesian Classifier,
    2021.
    """

    paper: ClassVar[str] = "Zhao, Dougherty, Yoon, Alexander and Qian 2021"

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) in [0, 1]."""
        return expected_error_drop(*self.both(ctx))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """Errors saved, and over how many items."""
        _, reference = self.both(ctx)
        return [
            f"an answer saves {v * len(reference):.2g} errors on {len(reference):,} reference items" for v in values
        ]
