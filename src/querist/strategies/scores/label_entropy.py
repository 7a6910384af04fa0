"""Label entropy: how uncertain an item's labels are, each taken for itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import Context
from querist.strategies.algebra import FloatArray
from querist.strategies.kernels.label_sets import label_entropies
from querist.strategies.kernels.tokens import pooled
from querist.strategies.scores.multilabel_score import MultilabelScore
from querist.strategies.scores.token_score import check_how

__all__ = ["LabelEntropy"]


@dataclass(frozen=True, repr=False)
class LabelEntropy(MultilabelScore):
    """Mean, sum or max over labels of - p log p - (1 - p) log (1 - p), in nats.

    The sum is the entropy of the whole label set where labels are independent given the item.

    Source: Esuli and Sebastiani, Active Learning Strategies for Multi-Label Text Classification, 2009 (aggregation over
    labels: average and maximum).

    Args:
        how: "mean", "sum" or "max" over labels.
    """

    how: str = "mean"
    paper: ClassVar[str] = "Esuli and Sebastiani 2009"

    def __post_init__(self) -> None:
        """Refuse a way of pooling that is none."""
        check_how(self.how)

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) from 0 to log 2 (times K for the sum)."""
        return pooled(label_entropies(self.labels(ctx)), self.how)

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The entropy, and of how many labels."""
        names = {"mean": "mean", "sum": "total", "max": "largest"}
        count = self.labels(ctx).shape[1]
        return [f"{names[self.how]} entropy {v:.2f} nats of {count} labels" for v in values]
