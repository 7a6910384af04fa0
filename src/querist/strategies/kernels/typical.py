"""The rows of a cluster that lie nearest to their k nearest neighbours, without the neighbours of every row.

Let T be the k-th neighbour's distance of the best row so far, and f(x) the sum over the other rows of max(0, T - d). As
its k nearest alone give at least k (T - mean), a row's mean distance is at least T - f(x)/k, with equality for the best
row so far. So only rows with f(x) at least as large can be better: they alone need a search for their neighbours, which
is the slow part (seven times as slow as f), and nothing is lost.

Clusters above `EXACT` rows are split into cells first (k-means, about 512 rows a cell). Each row is judged by its
neighbours in its own cell, which can only underrate it, and the rows that look best are then judged by the whole
cluster.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.clusters import assign, fit_centres, members_of, sampled_union
from querist.strategies.kernels.order import top

__all__ = ["EXACT", "most_typical"]

EXACT = 20_000
"""Rows of a cluster up to which the answer is exact; above, for the `_JUDGED` rows that look best in their cell."""
_JUDGED = 1024
_CELL = 512
_FIRST = 32
_BLOCK = 1 << 18
_TILE = 512


def most_typical(
    x: NDArray[Any], k: int, m: int, keys: NDArray[np.uint64], generator: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The m rows of smallest mean Euclidean distance to their k nearest other rows, best first.

    Args:
        x: (n, D) rows of one cluster.
        k: neighbours; fewer where there are no more rows.
        m: how many, at most n.
        keys: (n,) tie keys; means closer than rounding are equal.
        generator: for the cells of a cluster above `EXACT` rows.

    Returns:
        (m,) rows and (m,) mean distances; a single row has mean distance 0.
    """
    n, k = len(x), min(k, len(x) - 1)
    if k < 1:
        return top(np.zeros(n), m, keys), np.zeros(m)
    points = _Points(x)
    if n > EXACT:
        rows = _promising(x, k, max(_JUDGED, 2 * m), generator)
        means, _ = points.nearest(rows, k)
    else:
        rows, means = _candidates(points, k, m)
    width = max(float(means.min()), 1e-150) * (1e-5 if points.dtype == np.float32 else 1e-10)
    best = top(-np.floor(means / width + 0.38), m, keys[rows])
    return rows[best], means[best]


class _Points:
    """Rows shifted to their mean, with their squared lengths."""

    def __init__(self, x: NDArray[Any]) -> None:
        self.dtype: np.dtype[Any] = np.dtype(
            np.float32 if x.dtype.kind == "f" and x.dtype.itemsize <= 4 else np.float64
        )
        self.x = np.subtract(x, x.mean(axis=0, dtype=np.float64).astype(self.dtype), dtype=self.dtype)
        self.lengths = np.einsum("nd,nd->n", self.x, self.x)
        self.rounding = 16.0 * float(np.finfo(self.dtype).eps) * self.lengths.astype(np.float64)
        """(n,) what a squared distance of the row to a near one may be off by."""

    def squares(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """(b, n) squared distances with their rounding; infinite to the row itself."""
        d = np.multiply(self.x[rows], self.dtype.type(-2.0)) @ self.x.T
        d += self.lengths
        d += self.lengths[rows][:, None]
        d[np.arange(len(rows)), rows] = np.inf
        return np.asarray(d)

    def nearest(
        self, rows: NDArray[np.int64], k: int, *, exact: bool = True
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(b,) mean distance to the k nearest others, and (b,) the k-th distance.

        With ``exact`` the distances to the k found are taken again, from differences in float64.
        """
        means, last = np.empty(len(rows)), np.empty(len(rows))
        step = max(1, _BLOCK // max(len(self.x), k * self.x.shape[1]))
        for start in range(0, len(rows), step):
            part = slice(start, min(start + step, len(rows)))
            squares = self.squares(rows[part])
            if exact:
                near = np.argpartition(squares, k - 1, axis=1)[:, :k]
                there = self.x[near].astype(np.float64)
                there -= self.x[rows[part]][:, None]
                found = np.einsum("bkd,bkd->bk", there, there)
            else:
                found = np.maximum(np.partition(squares, k - 1, axis=1)[:, :k], 0.0).astype(np.float64)
            distances = np.sqrt(np.sort(found, axis=1))  # sorted: the same sum whatever the order of the rows
            means[part], last[part] = distances.mean(axis=1), distances[:, -1]
        return means, last


def _candidates(points: _Points, k: int, m: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows among which the m best are, and their means."""
    centre = np.argsort(points.lengths, kind="stable")[: max(_FIRST, m)].astype(np.int64)
    means, last = points.nearest(centre, k)
    order = np.lexsort((last, means))[:m]
    reach, most = last[order].max(), float(means[order[-1]])
    slip = np.minimum(np.sqrt(points.rounding), 2.0 * points.rounding / max(most, 1e-150))
    enough = k * (reach - most - slip) - 1e-4 * k * reach
    crowded = _crowding(points, reach) >= enough
    crowded[centre] = False
    rows = np.flatnonzero(crowded).astype(np.int64)
    return np.concatenate([centre, rows]), np.concatenate([means, points.nearest(rows, k)[0]])


def _crowding(points: _Points, reach: float) -> NDArray[np.float64]:
    """(n,) f of the module's text: the sum over the other rows of max(0, reach - distance), each pair once."""
    n = len(points.x)
    out = np.zeros(n)
    limit = points.dtype.type(reach)
    for top_ in range(0, n, _TILE):
        high = slice(top_, min(top_ + _TILE, n))
        scaled = np.multiply(points.x[high], points.dtype.type(-2.0))
        for left in range(top_, n, _TILE):
            wide = slice(left, min(left + _TILE, n))
            d = scaled @ points.x[wide].T
            d += points.lengths[wide]
            d += points.lengths[high][:, None]
            np.maximum(d, 0.0, out=d)
            np.sqrt(d, out=d)
            np.subtract(limit, d, out=d)
            np.maximum(d, 0.0, out=d)
            if left == top_:
                np.fill_diagonal(d, 0.0)
            else:
                out[wide] += d.sum(axis=0)
            out[high] += d.sum(axis=1)
    return out


def _promising(x: NDArray[Any], k: int, count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Rows that look best by the neighbours in their own cell."""
    cells = max(2, len(x) // _CELL)
    looks = np.full(len(x), np.inf)
    for rows in members_of(
        assign(x, fit_centres(sampled_union(x, x[:0], 64 * cells, generator), cells, generator)), cells
    ):
        if len(rows) > k:
            for piece in np.array_split(rows, -(-len(rows) // EXACT)):  # a cell of many copies may be as long as all
                inside = _Points(x[piece])
                looks[piece] = inside.nearest(np.arange(len(piece)), min(k, len(piece) - 1), exact=False)[0]
    return np.argsort(looks, kind="stable")[:count].astype(np.int64)
