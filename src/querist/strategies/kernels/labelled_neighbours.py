"""The k nearest labelled items of each pool row, exactly, in blocks of products."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.clusters import nearness

__all__ = ["divergence_from_neighbours", "nearest_known"]

_CELLS = 1 << 18
_FLOOR = 1e-12


def nearest_known(x: NDArray[Any], known: NDArray[Any], k: int) -> Iterator[tuple[slice, NDArray[np.int64]]]:
    """Blocks of pool rows with the numbers (b, min(k, L)) of their nearest labelled items, in no order.

    Args:
        x: (N, D) pool rows.
        known: (L, D) labelled items, L at least 1. Of items at the same distance (copies) the earliest is taken.
        k: how many.
    """
    k = min(k, len(known))
    if k == len(known):
        yield slice(0, len(x)), np.broadcast_to(np.arange(k), (len(x), k))
        return
    away = np.asarray(known, dtype=np.float64) - np.asarray(known, dtype=np.float64).mean(axis=0)
    largest = float(np.square(away).sum(axis=1).max())
    for rows, d in nearness(x, known):
        yield rows, _earliest(d, k, 16.0 * float(np.finfo(d.dtype).eps) * largest)


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
        near = np.sort(near, axis=1)
        step = max(1, _CELLS // p.shape[1])
        for start in range(rows.start, rows.stop, step):
            part = slice(start, min(start + step, rows.stop))
            mine = near[part.start - rows.start : part.stop - rows.start]
            logs = np.log(np.maximum(np.asarray(p[part], dtype=np.float64), _FLOOR))
            mean = np.zeros_like(logs)
            for column in mine.T:
                mean += q[column]
            mean /= mine.shape[1]
            out[part] = own[mine].mean(axis=1) - np.einsum("nc,nc->n", mean, logs)
    return np.maximum(out, 0.0)
