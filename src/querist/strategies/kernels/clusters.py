"""Rows to their nearest centre in one blocked pass, a short k-means by such passes, and the rows of each cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.d2_sampling import d2_sample
from querist.strategies.kernels.geometry import Euclidean

__all__ = ["assign", "fit_centres", "in_turn", "members_of", "nearness", "sampled_union"]

_CELLS = 1 << 20
_SMALL = 1 << 18
"""Numbers up to which points are worked in float64: it costs nothing there, and ties stay ties."""
_STEPS = 10
_GAIN = 0.01
_FEW, _TRIES = 50, 4
_SUM = 1 << 13
"""Rows summed in the precision of the points; the sums of such blocks are added in float64."""


def assign(x: NDArray[Any], centres: NDArray[Any]) -> NDArray[np.int64]:
    """(N,) number of the nearest of ``centres`` (K, D) for each row of ``x`` (N, D); the first of equals.

    2 N K D operations in blocks of products, in the precision of ``x``; memory for one block.
    """
    labels = np.empty(len(x), dtype=np.int64)
    for rows, product in nearness(x, centres):
        product.argmin(axis=1, out=labels[rows])
    return labels


def fit_centres(x: NDArray[Any], k: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """(k, D) centres of a short k-means: for clusters that are only asked which rows belong together.

    It starts by k-means++ and ends after 10 of Lloyd's steps, or when a step lowers the sum of squared distances by
    less than one per cent; of up to 50 centres, the best of four such runs. An empty cluster moves to the point that is
    worst served.

    Args:
        x: (n, D) points, all of which are used: sample a large pool first.
        k: how many, at most n.
        generator: of the start.
    """
    points = np.array(x, dtype=np.float64) if x.size <= _SMALL else x
    geometry = Euclidean(points)
    best, least = np.zeros((0, x.shape[1])), np.inf
    for _ in range(_TRIES if k <= _FEW else 1):
        centres, inertia = _lloyd(points, geometry, k, generator)
        if inertia < least or not len(best):
            best, least = centres, inertia
    return best


def _lloyd(
    points: NDArray[Any], geometry: Euclidean, k: int, generator: np.random.Generator
) -> tuple[NDArray[np.float64], float]:
    """Centres, and the sum of squared distances before the last step."""
    starts, _ = d2_sample(geometry, k, np.full(len(points), np.inf, dtype=geometry.dtype), generator)
    centres = np.asarray(points[starts], dtype=np.float64)
    before = np.inf
    for _ in range(_STEPS):
        labels, squares = _served(points, centres)
        now = float(squares.sum(dtype=np.float64))
        centres = _means(points, labels, squares, centres)
        if now >= (1.0 - _GAIN) * before:
            break
        before = now
    return centres, now


def _served(x: NDArray[Any], centres: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """(n,) nearest centre, and (n,) squared distance to it, at least 0."""
    labels = np.empty(len(x), dtype=np.int64)
    squares: NDArray[Any] = np.empty(len(x), dtype=x.dtype)
    shift = centres.mean(axis=0).astype(x.dtype)
    for rows, product in nearness(x, centres):
        best = product.argmin(axis=1, out=labels[rows])
        moved = x[rows] - shift
        squares[rows] = product[np.arange(len(best)), best] + np.einsum("nd,nd->n", moved, moved)
    return labels, np.maximum(squares, 0.0, out=squares)


def _means(
    x: NDArray[Any], labels: NDArray[np.int64], squares: NDArray[Any], before: NDArray[np.float64]
) -> NDArray[np.float64]:
    from scipy.sparse import csr_array

    k = len(before)
    sums = np.zeros_like(before)
    for start in range(0, len(x), _SUM):
        mine = labels[start : start + _SUM]
        one = csr_array((np.ones(len(mine), dtype=x.dtype), mine, np.arange(len(mine) + 1)), shape=(len(mine), k))
        sums += one.T @ x[start : start + _SUM]
    sizes = np.bincount(labels, minlength=k)
    centres = np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], before)
    empty = np.flatnonzero(sizes == 0)
    centres[empty] = x[np.argsort(-squares, kind="stable")[: len(empty)]]
    return np.asarray(centres)


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
