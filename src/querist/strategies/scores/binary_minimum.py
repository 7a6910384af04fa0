"""BinMin: how close the most uncertain label is to its boundary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import Context
from querist.strategies.algebra import FloatArray
from querist.strategies.kernels.label_sets import closeness
from querist.strategies.scores.multilabel_score import MultilabelScore

__all__ = ["BinaryMinimum"]


@dataclass(frozen=True, repr=False)
class BinaryMinimum(MultilabelScore):
    """1 - the smallest |2p - 1| of an item's labels.

    The paper takes the smallest distance to the boundary over one support vector machine a label.

    Source: Brinker, On Active Learning in Multi-label Classification, 2006 (binary version space minimisation).
    """

    paper: ClassVar[str] = "Brinker 2006"

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) from 0 to 1; 1 where a label is undecided."""
        return np.asarray(closeness(self.labels(ctx)).max(axis=1, initial=0.0))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The label, and its probability."""
        probs = self.labels(ctx)[rows]
        worst = closeness(probs).argmax(axis=1)
        return [f"label {k} is undecided (probability {p[k]:.2f})" for k, p in zip(worst, probs, strict=True)]
