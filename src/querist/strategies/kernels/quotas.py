"""How many of each class: quotas that even out, and the best rows of each class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.blocks import blocks

__all__ = ["even_quotas", "predicted_classes", "within_quotas"]


def predicted_classes(probs: NDArray[Any]) -> NDArray[np.int64]:
    """The largest class of each row, the first of equals: (N, C) -> (N,) int64."""
    out = np.empty(len(probs), dtype=np.int64)
    for rows, block in blocks(probs):
        out[rows] = block.argmax(axis=1)
    return out


def even_quotas(counts: NDArray[np.int64], wanted: int) -> NDArray[np.int64]:
    """Quotas that sum to at least min(wanted, sum of counts) and are as even as the counts allow.

    The smallest common quota q with sum of min(count, q) >= wanted: classes that are short of rows give all of theirs,
    and the others make up for them alike.

    Args:
        counts: (C,) rows of each class.
        wanted: how many rows are wanted in all.
    """
    wanted = min(wanted, int(counts.sum()))
    low, high = 0, int(counts.max(initial=0))
    while low < high:
        middle = (low + high) // 2
        if int(np.minimum(counts, middle).sum()) >= wanted:
            high = middle
        else:
            low = middle + 1
    return np.minimum(counts, low)


def within_quotas(
    classes: NDArray[np.int64], quotas: NDArray[np.int64], values: NDArray[Any], keys: NDArray[np.uint64]
) -> NDArray[np.int64]:
    """The rows of highest value within the quota of each class, sorted.

    Args:
        classes: (N,) class of each row.
        quotas: (C,) most rows of each class.
        values: (N,) ratings.
        keys: (N,) tie keys.
    """
    order = np.lexsort((keys, -values.astype(np.float64), classes))
    ordered = classes[order]
    starts = np.searchsorted(ordered, np.arange(len(quotas)))
    place = np.arange(len(order)) - starts[ordered]
    return np.sort(order[place < quotas[ordered]]).astype(np.int64)
