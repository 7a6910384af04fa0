"""Average-linkage clusters, of all rows where they are few, else of small k-means clusters weighted by their sizes.

The tree is grown by nearest-neighbour chains: M^2 operations in all, one M x M matrix. For more than ``exact`` rows the
leaves are k-means clusters instead of rows, so that memory is linear in N. Two leaves are then as far apart as the root
mean square of the distances between their rows, |c - c'|^2 + v + v' with v the mean squared distance of a leaf's rows
to its centre c; average linkage has the mean there. Leaves merge weighted by their sizes, as their rows would.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.blocks import blocks
from querist.strategies.kernels.clusters import assign, fit_centres, sampled_union
from querist.strategies.kernels.geometry import Euclidean

__all__ = ["average_linkage", "cut", "leaves_of", "linked_clusters"]

_LEAVES = 1000
_A_LEAF = 32
"""Rows a leaf on which the leaves are fitted."""


def linked_clusters(x: NDArray[Any], clusters: int, generator: np.random.Generator, exact: int) -> NDArray[np.int64]:
    """(N,) number of the cluster of each row, from 0 to at most ``clusters`` - 1.

    Args:
        x: (N, D) rows.
        clusters: how many, at most N.
        generator: of the k-means, where it is needed.
        exact: rows up to which the tree is that of the rows themselves; also the most leaves of the other way. More
            clusters than that are k-means clusters, without a tree.
    """
    leaf, between, sizes = leaves_of(x, clusters, generator, exact)
    if len(sizes) <= clusters:
        return leaf
    return cut(*average_linkage(between, sizes), clusters)[leaf]


def leaves_of(
    x: NDArray[Any], clusters: int, generator: np.random.Generator, exact: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """(N,) leaf of each row, (M, M) distances between leaves, (M,) their sizes; as in `linked_clusters`.

    There are M = max(1000, 4 ``clusters``) leaves, at most ``exact`` (but at least ``clusters``), or one a row.
    """
    n = len(x)
    if n <= exact:
        return np.arange(n), _distances(x), np.ones(n)
    leaves = max(clusters, min(exact, max(_LEAVES, 4 * clusters), n))
    sample = sampled_union(x, np.zeros((0, x.shape[1])), max(leaves, min(n, _A_LEAF * leaves)), generator)
    leaf = assign(x, fit_centres(sample, leaves, generator))
    used, leaf = np.unique(leaf, return_inverse=True)  # copies leave some centres without rows
    if len(used) <= clusters:
        return leaf.astype(np.int64), np.zeros((0, 0)), np.bincount(leaf).astype(np.float64)
    return leaf.astype(np.int64), *_between(x, leaf, len(used))


def _distances(x: NDArray[Any]) -> NDArray[np.float64]:
    geometry = Euclidean(x)
    points = geometry.gather(np.arange(geometry.size))
    out = np.empty((geometry.size, geometry.size))
    for rows in geometry.blocks(geometry.size):
        np.sqrt(geometry.pairs(points[rows], points), out=out[rows])
    return out


def _between(x: NDArray[Any], leaf: NDArray[np.int64], leaves: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Root mean square distances between leaves, and their sizes."""
    from scipy.sparse import csr_array

    sizes = np.bincount(leaf, minlength=leaves).astype(np.float64)
    sums, squares = np.zeros((leaves, x.shape[1])), np.zeros(leaves)
    shift = x[:: max(1, len(x) // 1024)].mean(axis=0, dtype=np.float64)
    for rows, block in blocks(x):
        moved = block - shift
        mine = leaf[rows]
        one = csr_array((np.ones(len(mine)), mine, np.arange(len(mine) + 1)), shape=(len(mine), leaves))
        sums += one.T @ moved
        squares += np.bincount(mine, np.einsum("nd,nd->n", moved, moved), minlength=leaves)
    centres = sums / sizes[:, None]
    lengths = np.square(centres).sum(axis=1)
    spread = np.maximum(squares / sizes - lengths, 0.0)
    d = -2.0 * (centres @ centres.T)
    d += (lengths + spread)[:, None]
    d += lengths + spread
    return np.sqrt(np.maximum(d, 0.0, out=d), out=d), sizes


def average_linkage(
    distances: NDArray[np.float64], sizes: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(M - 1, 2) leaves whose clusters merge, and (M - 1,) the heights, lowest first.

    Source: Sokal and Michener 1958 (UPGMA) by the nearest-neighbour chains of Benzécri 1982; the distance to a merged
    cluster is the mean of both weighted by their sizes.

    Args:
        distances: (M, M) symmetric; it is overwritten.
        sizes: (M,) weights of the leaves.
    """
    m = len(distances)
    d, weight = distances, sizes.astype(np.float64)
    np.fill_diagonal(d, np.inf)
    pairs, heights = np.empty((m - 1, 2), dtype=np.int64), np.empty(m - 1)
    open_ = np.ones(m, dtype=bool)
    chain: list[int] = []
    for step in range(m - 1):
        if not chain:
            chain.append(int(open_.argmax()))
        while True:
            a = chain[-1]
            b = int(d[a].argmin())
            if len(chain) > 1 and d[a, chain[-2]] <= d[a, b]:
                b = chain[-2]
                break
            chain.append(b)
        del chain[-2:]
        pairs[step], heights[step] = (a, b), d[a, b]
        merged = (weight[a] * d[a] + weight[b] * d[b]) / (weight[a] + weight[b])
        merged[[a, b]] = np.inf
        d[b], d[:, b] = merged, merged
        d[a], d[:, a] = np.inf, np.inf
        weight[b] += weight[a]
        open_[a] = False
    order = np.argsort(heights, kind="stable")
    return pairs[order], heights[order]


def cut(pairs: NDArray[np.int64], heights: NDArray[np.float64], clusters: int) -> NDArray[np.int64]:
    """(M,) clusters after the lowest merges, as many as leave ``clusters`` of them."""
    m = len(pairs) + 1
    parent = np.arange(m)

    def root(a: int) -> int:
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = int(parent[a])
        return a

    for a, b in pairs[: max(m - clusters, 0)].tolist():
        parent[root(a)] = root(b)
    return np.unique([root(a) for a in range(m)], return_inverse=True)[1].astype(np.int64)
