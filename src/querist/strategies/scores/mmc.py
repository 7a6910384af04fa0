"""MMC: how many labels are expected to be wrong if the most confident label set is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import Context
from querist.strategies.algebra import FloatArray
from querist.strategies.kernels.label_sets import count_errors
from querist.strategies.scores.multilabel_score import MultilabelScore

__all__ = ["Mmc"]


@dataclass(frozen=True, repr=False)
class Mmc(MultilabelScore):
    """Sum over labels of (1 - y f) / 2, f = 2p - 1 and y = 1 for the m most probable labels, -1 for the others.

    That is the expected number of wrong labels of the label set that the item is likely to have: maximum loss reduction
    with maximal confidence. m is the rounded sum of the item's probabilities, at least 1.

    Source: Yang, Sun, Wang and Chen, Effective Multi-Label Active Learning for Text Classification, 2009. There m comes
    from a logistic regression on sorted probabilities, and f from support vector machines.
    """

    paper: ClassVar[str] = "Yang, Sun, Wang and Chen 2009"

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) from 0 to K."""
        return count_errors(self.labels(ctx))[0]

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The expected errors, and the size of the label set."""
        _, given = count_errors(self.labels(ctx)[rows])
        return [f"{v:.2f} wrong labels expected with the {m} most probable" for v, m in zip(values, given, strict=True)]
