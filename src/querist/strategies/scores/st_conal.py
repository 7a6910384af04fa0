"""ST-CoNAL: items on which the checkpoints of one training run stand apart from their mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import Context
from querist.strategies.algebra import FloatArray
from querist.strategies.kernels.outputs import spread_of_students
from querist.strategies.scores.outputs import OutputScore, outputs_of

__all__ = ["StConal"]


@dataclass(frozen=True, repr=False)
class StConal(OutputScore):
    """Mean over checkpoints of KL(teacher || checkpoint), in nats, the teacher being the mean of their probabilities.

    The paper's teacher is a network with averaged weights; the mean of the probabilities stands in for it, as it does
    in the code where no averaged network was kept. Probabilities are floored at 1e-12 in the logarithm.

    Source: Baik, Yoon and Choi, ST-CoNAL: Consistency-Based Acquisition Criterion Using Temporal Self-Ensemble for
    Active Learning, 2022.
    """

    paper: ClassVar[str] = "Baik, Yoon and Choi 2022"

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at least 0; 0 where all checkpoints agree."""
        return spread_of_students(outputs_of(ctx, self))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """How far the checkpoints stand apart."""
        steps = outputs_of(ctx, self).shape[1]
        return [f"{steps} checkpoints stand {v:.3g} nats from their mean" for v in values]
