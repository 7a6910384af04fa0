"""Rows to their nearest centre in one blocked pass, and the rows of each cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["assign", "in_turn", "members_of", "nearness", "sampled_union"]

_CELLS = 1 << 20


def assign(x: NDArray[Any], centres: NDArray[Any]) -> NDArray[np.int64]:
    """(N,) number of the nearest of ``centres`` (K, D) for each row of ``x`` (N, D); the first of equals.

    2 N K D operations in blocks of products, in the precision of ``x``; memory for one block.
    """
    labels = np.empty(len(x), dtype=np.int64)
    for rows, product in nearness(x, centres):
        product.argmin(axis=1, out=labels[rows])
    return labels


def nearness(x: NDArray[Any], centres: NDArray[Any]) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Blocks of rows with (b, K) squared distances to each centre, less the squared length of the row.

    Rows and centres are shifted to the mean of the centres, so that little is lost to cancellation.
    """
    dtype = np.dtype(np.float32 if x.dtype.kind == "f" and x.dtype.itemsize <= 4 else np.float64)
    c = np.asarray(centres, dtype=np.float64)
    shift = c.mean(axis=0)
    c = c - shift
    lengths = np.square(c).sum(axis=1).astype(dtype)
    scaled, moved = np.ascontiguousarray(-2.0 * c.T, dtype=dtype), shift.astype(dtype)
    step = max(64, _CELLS // max(len(c), x.shape[1]))
    for start in range(0, len(x), step):
        product = np.subtract(x[start : start + step], moved, dtype=dtype) @ scaled
        product += lengths
        yield slice(start, start + len(product)), product


def members_of(labels: NDArray[np.int64], k: int) -> list[NDArray[np.int64]]:
    """Rows of each of k clusters, in order of rows."""
    order = np.argsort(labels, kind="stable").astype(np.int64)
    return np.split(order, np.cumsum(np.bincount(labels, minlength=k))[:-1])


def in_turn(order: NDArray[np.int64], free: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """(n,) cluster of each pick, round robin.

    Args:
        order: clusters in the order in which they are visited.
        free: (K,) rows that each cluster has to give; once it has given them it is passed over.
        n: how many picks, at most the sum of ``free``.
    """
    left = free.copy()
    out: list[NDArray[np.int64]] = []
    wanted = n
    while wanted > 0:
        turn = order[left[order] > 0][:wanted]
        left[turn] -= 1
        wanted -= len(turn)
        out.append(turn)
    return np.concatenate(out) if out else np.zeros(0, dtype=np.int64)


def sampled_union(a: NDArray[Any], b: NDArray[Any], most: int, generator: np.random.Generator) -> NDArray[Any]:
    """``a`` above ``b``; a uniform sample of ``most`` rows of them when there are more, never the whole copied."""
    total = len(a) + len(b)
    if total <= most:
        return np.concatenate([a, np.asarray(b, dtype=a.dtype)]) if len(b) else a
    rows = np.sort(generator.choice(total, most, replace=False, shuffle=False))
    inside = rows < len(a)
    return np.concatenate([a[rows[inside]], np.asarray(b[rows[~inside] - len(a)], dtype=a.dtype)])
