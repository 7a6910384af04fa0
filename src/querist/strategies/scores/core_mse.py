"""CoreMSE: how much an answer is expected to improve predictions under the quadratic score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import Context
from querist.strategies.algebra import FloatArray
from querist.strategies.kernels.joint import expected_squared_change
from querist.strategies.scores.paired import PairedScore

__all__ = ["CoreMse"]


@dataclass(frozen=True, repr=False)
class CoreMse(PairedScore):
    """Sum over labels y of p(y|x) times the mean over reference items x' of ||p(.|x', x, y) - p(.|x')||^2.

    p is the mean over members; p(.|x', x, y) is their mean re-weighted by p_s(y|x). Members have shape (N, S, C) in the
    pool and (M, S, C) in ``reference``. Time grows with N C S^2 + M C S^2 only: a large reference set costs little.

    Source: Tan, Du and Buntine, Diversity Enhanced Active Learning with Strictly Proper Scoring Rules, 2021, section 3.
    """

    paper: ClassVar[str] = "Tan, Du and Buntine 2021"

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at least 0, squared probability; 0 where all members agree."""
        return expected_squared_change(*self.both(ctx))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The root of the expected squared change, and over how many items."""
        _, reference = self.both(ctx)
        return [
            f"an answer moves the predictions of {len(reference):,} items by {np.sqrt(v):.2g} each (root mean square)"
            for v in values
        ]
