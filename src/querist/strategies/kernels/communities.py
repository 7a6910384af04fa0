"""Communities of a graph: greedy modularity, and merging of communities whose features are alike.

Greedy modularity joins, again and again, the two connected communities that raise modularity most. A sum of degrees
only grows, so the gain of a pair whose edges did not change only falls: an old entry of the queue is a bound, and is
looked at again when it comes up. Only the shorter of two lists of neighbours is moved at a merge.
"""

from __future__ import annotations

import heapq
import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["communities", "merge_alike", "modularity"]

_MOST = 512
"""Communities that are merged pair by pair; smaller ones join the nearest of them first."""


def communities(edges: Any) -> NDArray[np.int64]:
    """(N,) number of each node's community by greedy modularity; numbers run from the largest community down.

    Equal gains go to the pair with the lowest first nodes, equal sizes to the community with the lowest first node. A
    node without edges is a community of its own.

    Source: Clauset, Newman and Moore, Finding Community Structure in Very Large Networks, 2004.

    Args:
        edges: (N, N) symmetric CSR array without self-loops.
    """
    size = edges.shape[0]
    total = float(edges.sum())  # twice the weight of all edges
    share = np.asarray(edges.sum(axis=1), dtype=np.float64).reshape(-1) / (total or 1.0)
    starts, columns, weights = edges.indptr, edges.indices.tolist(), (edges.data / (total or 1.0)).tolist()
    near = [dict(zip(columns[a:b], weights[a:b], strict=True)) for a, b in itertools.pairwise(starts)]
    first, mass, owner = list(range(size)), share.tolist(), list(range(size))

    def gain(i: int, j: int) -> float:  # 2 (e_ij - a_i a_j)
        return float(2.0 * (near[i][j] - mass[i] * mass[j]))

    def entry(i: int, j: int) -> tuple[float, int, int, int, int]:
        low, high = sorted((first[i], first[j]))
        return -gain(i, j), low, high, i, j

    queue = [entry(i, j) for i in range(size) for j in near[i] if i < j]
    heapq.heapify(queue)
    while queue:
        top = heapq.heappop(queue)
        i, j = top[3], top[4]
        if owner[i] != i or owner[j] != j or j not in near[i]:
            continue
        now = entry(i, j)
        if -now[0] <= 0:
            continue
        if now != top:
            heapq.heappush(queue, now)
            continue
        if len(near[i]) > len(near[j]):
            i, j = j, i
        owner[i], first[j] = j, min(first[i], first[j])  # i goes into j
        mass[j] += mass[i]
        del near[j][i], near[i][j]
        for k, weight in near[i].items():
            near[j][k] = near[j].get(k, 0.0) + weight
            del near[k][i]
            near[k][j] = near[j][k]
            heapq.heappush(queue, entry(k, j))
        near[i] = {}
    return _numbered(np.array([_root(owner, i) for i in range(size)], dtype=np.int64))


def modularity(edges: Any, labels: NDArray[np.int64]) -> float:
    """Share of the weight inside communities, less what it would be with edges drawn by degree alone.

    Source: Newman, Modularity and Community Structure in Networks, 2006.
    """
    total = float(edges.sum())
    if not total:
        return 0.0
    pairs = edges.tocoo()
    inside = float(pairs.data[labels[pairs.row] == labels[pairs.col]].sum()) / total
    mass = np.bincount(labels, weights=np.asarray(edges.sum(axis=1)).reshape(-1)) / total
    return inside - float(mass @ mass)


def merge_alike(x: NDArray[Any], labels: NDArray[np.int64], most: int, floor: float = 0.0) -> NDArray[np.int64]:
    """Merge communities by Ward's rule until at most ``most`` are left and none is much smaller than the mean.

    The two whose union adds least to the squared distances within, n_i n_j / (n_i + n_j) |mean_i - mean_j|^2, are
    merged. Beyond 512 communities the smaller ones join the nearest (by the same rule) of the 512 largest first.

    Args:
        x: (N, D) features.
        labels: (N,) numbers of communities, from 0, largest first.
        most: how many may be left, at least 1.
        floor: merging goes on while the smallest has less than ``floor`` times the mean size.

    Returns:
        (N,) numbers from 0, largest first.
    """
    count = int(labels.max()) + 1
    sizes = np.bincount(labels, minlength=count).astype(np.float64)
    sums = np.zeros((count, x.shape[1]))
    np.add.at(sums, labels, np.asarray(x, dtype=np.float64))
    target = np.arange(count)
    if count > _MOST:
        means = sums / sizes[:, None]
        for one in range(_MOST, count):
            target[one] = _ward(means[:_MOST], means[one], sizes[:_MOST], sizes[one]).argmin()
        np.add.at(sums, target[_MOST:], sums[_MOST:].copy())
        np.add.at(sizes, target[_MOST:], sizes[_MOST:].copy())
        count = _MOST
    sums, sizes = sums[:count], sizes[:count]
    alive = np.ones(count, dtype=bool)
    cost = np.full((count, count), np.inf)
    means = sums / sizes[:, None]
    for one in range(count):
        cost[one] = _ward(means, means[one], sizes, sizes[one])
    np.fill_diagonal(cost, np.inf)
    while (left := int(alive.sum())) > 1 and (left > most or sizes[alive].min() < floor * len(x) / left):
        i, j = divmod(int(cost.argmin()), count)
        i, j = min(i, j), max(i, j)
        sums[i] += sums[j]
        sizes[i] += sizes[j]
        alive[j] = False
        target[target == j] = i
        means[i] = sums[i] / sizes[i]
        row = np.where(alive, _ward(means, means[i], sizes, sizes[i]), np.inf)
        row[i] = np.inf
        cost[i], cost[:, i], cost[j], cost[:, j] = row, row, np.inf, np.inf
    return _numbered(target[labels])


def _ward(means: NDArray[Any], mean: NDArray[Any], sizes: NDArray[Any], size: float) -> NDArray[np.float64]:
    return np.asarray(sizes * size / (sizes + size) * np.square(means - mean).sum(axis=1))


def _root(owner: list[int], i: int) -> int:
    while owner[i] != i:
        owner[i] = owner[owner[i]]
        i = owner[i]
    return i


def _numbered(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same parts numbered from the largest down, equal sizes in order of their first node."""
    _, firsts, inverse, counts = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    place = np.empty(len(firsts), dtype=np.int64)
    place[np.lexsort((firsts, -counts))] = np.arange(len(firsts))
    return place[inverse]
