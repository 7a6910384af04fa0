"""kNN-Shapley: how much an item is worth to a nearest-neighbour classifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.contract import check_count
from querist.core.signals import EMBEDDING, LABELS, PROBS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.influence import guesses
from querist.strategies.kernels.knn_shapley import knn_shapley
from querist.strategies.methods.last_layer import labelled_classes

__all__ = ["KnnShapley"]


@dataclass(frozen=True, repr=False)
class KnnShapley(Score):
    """Shapley value of each item in the accuracy of a k-nearest-neighbour classifier on the reference set.

    The classifier is made of the labelled items with their labels and of the pool's items with the model's own guesses.
    The value of an item is its share of the accuracy, averaged over all orders in which items may join; it is high where
    reference items have few neighbours of their class. Distances are Euclidean; of items equally far, labelled ones are
    nearer, then those of lower tie key. Values are exact. Time grows with M (N + L) log(N + L) for M reference items.

    Source: Jia et al., Efficient Task-Specific Data Valuation for Nearest Neighbor Algorithms, 2019, theorem 1; used to
    choose what to label by Ghorbani, Zou and Esteva, Data Shapley Valuation for Efficient Batch Active Learning, 2022, who
    predict the values of the pool from those of labelled items instead.

    Args:
        k: neighbours, at least 1.
    """

    k: int = 10
    text_name: ClassVar[str] = "knn_shapley"
    cell: ClassVar[str] = "influence"
    paper: ClassVar[str] = "Ghorbani, Zou and Esteva 2022"

    def __post_init__(self) -> None:
        """Refuse a bad k when it is written."""
        object.__setattr__(self, "k", check_count(self.k, "k"))

    @property
    def needs(self) -> Needs:
        """`PROBS` and `EMBEDDING` of the pool; `EMBEDDING` and `LABELS` of labelled items and of the reference set."""
        other = frozenset({EMBEDDING, LABELS})
        return Needs(pool=frozenset({PROBS, EMBEDDING}), labelled=other, reference=other)

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) shares of the accuracy, of either sign."""
        assert ctx.reference is not None
        known, labels = labelled_classes(ctx.labelled)
        test, right = labelled_classes(ctx.reference)
        h = np.concatenate([np.asarray(known, np.float64), np.asarray(ctx.pool[EMBEDDING], np.float64)])
        # ranks, so that all labelled items come before all of the pool
        order = np.empty(ctx.size, dtype=np.uint64)
        order[np.argsort(ctx.keys("knn_shapley"))] = np.arange(ctx.size, dtype=np.uint64)
        keys = np.concatenate([np.arange(len(known), dtype=np.uint64), order + np.uint64(len(known))])
        names = np.concatenate([labels, guesses(ctx.pool[PROBS])])
        return knn_shapley(h, names, keys, np.asarray(test, np.float64), right, self.k)[len(known) :]

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The share."""
        return [f"worth {v:.3g} of the accuracy of a {self.k}-nearest-neighbour classifier" for v in values]
