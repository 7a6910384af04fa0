"""CoreLog: how much an answer is expected to improve predictions under the logarithmic score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import Context
from querist.strategies.algebra import FloatArray
from querist.strategies.kernels.joint import expected_information
from querist.strategies.scores.paired import PairedScore

__all__ = ["CoreLog"]


@dataclass(frozen=True, repr=False)
class CoreLog(PairedScore):
    """Sum over labels y of p(y|x) times the mean over reference items x' of KL(p(.|x', x, y) || p(.|x')), in nats.

    p is the mean over members; p(.|x', x, y) is their mean re-weighted by p_s(y|x). The expected divergence from before
    to after is the mutual information of the two labels, so this equals `epig` on the same reference set; it is kept
    under its own name because the mean proper scores are known by it.

    Source: Tan, Du and Buntine, Diversity Enhanced Active Learning with Strictly Proper Scoring Rules, 2021, section 3.
    """

    paper: ClassVar[str] = "Tan, Du and Buntine 2021"

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at least 0; 0 where all members agree."""
        return expected_information(*self.both(ctx))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The expected divergence, and over how many items."""
        _, reference = self.both(ctx)
        return [f"an answer moves the predictions of {len(reference):,} items by {v:.2g} nats each" for v in values]
