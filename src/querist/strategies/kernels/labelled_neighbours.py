"""The k nearest labelled items of each pool row, exactly, in blocks of products."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.geometry import Euclidean

__all__ = ["divergence_from_neighbours", "nearest_known"]

_CELLS = 1 << 19
_FLOOR = 1e-12


def nearest_known(x: NDArray[Any], known: NDArray[Any], k: int) -> Iterator[tuple[slice, NDArray[np.int64]]]:
    """Blocks of pool rows with the numbers (b, min(k, L)) of their nearest labelled items, in no order.

    Args:
        x: (N, D) pool rows.
        known: (L, D) labelled items, L at least 1. Of items at the same distance (copies) the earliest is taken.
        k: how many.
    """
    geometry = Euclidean(x)
    k = min(k, len(known))
    if k == len(known):
        for rows in geometry.blocks(k):
            yield rows, np.broadcast_to(np.arange(k), (rows.stop - rows.start, k))
        return
    chunks, lengths = geometry.prepare(geometry.shifted(known))
    slack = geometry.slack * float(lengths.max(initial=0.0))
    step = max(64, _CELLS // len(known))
    for start in range(0, geometry.size, step):
        rows = slice(start, min(start + step, geometry.size))
        d = np.concatenate([geometry.products(rows, chunk) for chunk in chunks]).T
        d = np.ascontiguousarray(d) + lengths
        yield rows, _earliest(d, k, slack)


def _earliest(d: NDArray[Any], k: int, slack: float) -> NDArray[np.int64]:
    """Columns of the k smallest in each row; where rounding alone decides at the edge, the earliest columns."""
    near = np.argpartition(d, k - 1, axis=1)[:, :k]
    edge = np.take_along_axis(d, near, axis=1).max(axis=1, keepdims=True)
    unclear = np.flatnonzero((d <= edge + slack).sum(axis=1) > k)
    for row in unclear.tolist():
        line, limit = d[row], float(edge[row, 0])
        below = np.flatnonzero(line < limit - slack)
        level = np.flatnonzero((line >= limit - slack) & (line <= limit + slack))
        near[row] = np.concatenate([below, level])[:k]
    return np.asarray(near, dtype=np.int64)


def divergence_from_neighbours(
    x: NDArray[Any], p: NDArray[Any], known_x: NDArray[Any], known_p: NDArray[Any], k: int
) -> NDArray[np.float64]:
    """(N,) mean over the k nearest labelled items q of KL(q || p), in nats, p floored at 1e-12.

    KL(q || p) is the sum of q log q less the sum of q log p, so the mean over neighbours needs only their mean q.
    """
    q = np.asarray(known_p, dtype=np.float64)
    own = np.sum(np.where(q > 0, q * np.log(np.maximum(q, 1e-300)), 0.0), axis=1)
    out = np.empty(len(x))
    for rows, near in nearest_known(x, known_x, k):
        logs = np.log(np.maximum(np.asarray(p[rows], dtype=np.float64), _FLOOR))
        near = np.sort(near, axis=1)
        mean = np.zeros_like(logs)
        for column in near.T:
            mean += q[column]
        mean /= near.shape[1]
        out[rows] = own[near].mean(axis=1) - np.einsum("nc,nc->n", mean, logs)
    return np.maximum(out, 0.0)
