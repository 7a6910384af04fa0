"""Exact Shapley values of the items of a k-nearest-neighbour classifier."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.ties import settled

__all__ = ["knn_shapley"]

_CELLS = 1 << 20


def knn_shapley(
    h: NDArray[Any],
    labels: NDArray[np.int64],
    keys: NDArray[np.uint64],
    test: NDArray[Any],
    test_labels: NDArray[np.int64],
    k: int,
) -> NDArray[np.float64]:
    """Share of each item in the accuracy of a k-nearest-neighbour classifier, averaged over all orders of joining.

    The worth of a set is the mean over test items of the share of the k nearest of the set with the right label (the
    share of k; fewer items count for their number). From the farthest item to the nearest the values follow a recursion,
    so that one test item costs a sort.

    Source: Jia, Dao, Wang, Hubis, Gurel, Li, Zhang, Spanos and Song, Efficient Task-Specific Data Valuation for Nearest
    Neighbor Algorithms, 2019, theorem 1.

    Args:
        h: (N, D) features of the items.
        labels: (N,) their labels.
        keys: (N,) tie keys: of items equally far, the one of lower key is nearer.
        test: (M, D) features of the test items.
        test_labels: (M,).
        k: neighbours.

    Returns:
        (N,) values; they add up to the worth of all items.
    """
    geometry = Euclidean(np.asarray(h, dtype=np.float64))
    points = geometry.gather(np.arange(geometry.size))
    size = geometry.size
    place = np.arange(1, size + 1)
    factor = np.minimum(k, place) / (place * k)  # min(k, i) / (i k)
    total = np.zeros(size)
    order_by_key = np.argsort(keys, kind="stable")
    step = max(1, _CELLS // max(size, 1))
    for start in range(0, len(test), step):
        far = geometry.pairs(geometry.shifted(test[start : start + step]), points)
        scale = max(float(far.max(initial=0.0)), 1e-300)
        levels = np.floor(far / scale * 1e11 + 0.381966)  # equal but for rounding is equal
        for row, label in zip(levels, test_labels[start : start + step], strict=True):
            order = order_by_key[np.argsort(row[order_by_key], kind="stable")]
            right = (labels[order] == label).astype(np.float64)
            steps = np.append((right[:-1] - right[1:]) * factor[:-1], right[-1] * factor[-1])
            total[order] += np.cumsum(steps[::-1])[::-1]
    return settled(total / max(len(test), 1))
