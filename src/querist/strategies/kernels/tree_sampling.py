"""A tree of clusters, cut where labels say that its parts are pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["pruning", "summed"]


def summed(pairs: NDArray[np.int64], leaves: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Children of each merge, and numbers of leaves summed up the tree.

    Args:
        pairs: (M - 1, 2) leaves whose clusters merge, in order (see `average_linkage`).
        leaves: (M, ...) numbers of each leaf.

    Returns:
        (M - 1, 2) children of node M + t, and (2 M - 1, ...) the sums; nodes 0 to M - 1 are the leaves.
    """
    m = len(leaves)
    node = np.arange(m)
    parent = np.arange(m)
    children = np.empty((m - 1, 2), dtype=np.int64)
    out = np.concatenate([leaves, np.zeros((m - 1, *leaves.shape[1:]))])

    def root(a: int) -> int:
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = int(parent[a])
        return a

    for t, (a, b) in enumerate(pairs.tolist()):
        x, y = root(a), root(b)
        children[t] = node[x], node[y]
        out[m + t] = out[node[x]] + out[node[y]]
        parent[x] = y
        node[y] = m + t
    return children, out


def pruning(
    children: NDArray[np.int64], sizes: NDArray[np.float64], counts: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The cut of the tree with the least bounded error, and the error of each of its nodes.

    Of w items in a node t are labelled, a share f of them as class l. The number of class l lies within w (f - d) and
    w (f + d), d = r / t + sqrt(r f (1 - f) / t) with r = 1 - t / w, and within what the labels leave possible. A class
    may stand for the node when its lower bound is above 2 u - w for the upper bound u of every other class; of those
    the one with most labels does, and the node's error is w less its lower bound, w when none may. A node is split when
    a class may stand for it and its parts have less error together.

    Source: Dasgupta and Hsu, Hierarchical Sampling for Active Learning, 2008, with the correction r of their code.

    Args:
        children: (M - 1, 2) children of node M + t.
        sizes: (2 M - 1,) items of each node.
        counts: (2 M - 1, C) labelled items of each class.

    Returns:
        Nodes of the cut, and their errors before any split.
    """
    total = counts.sum(axis=1)
    seen = np.maximum(total, 1.0)[:, None]
    w = sizes[:, None]
    rest = np.maximum(1.0 - seen / w, 0.0)
    share = counts / seen
    doubt = rest / seen + np.sqrt(rest * share * (1.0 - share) / seen)
    lower = np.maximum(counts, (share - doubt) * w)
    upper = np.minimum(w - (total[:, None] - counts), (share + doubt) * w)
    highest = np.sort(upper, axis=1)[:, -2:] if upper.shape[1] > 1 else None
    other = np.zeros_like(upper)
    if highest is not None:  # the largest upper bound of another class
        other = np.where(upper == highest[:, 1:], highest[:, :1], highest[:, 1:])
    stands = (lower > 2.0 * other - w) & (counts > 0)
    label = np.where(stands, counts, -1.0).argmax(axis=1)
    known = stands.any(axis=1)
    error = sizes - np.where(known, lower[np.arange(len(sizes)), label], 0.0)
    cost, m = error.copy(), len(children) + 1
    split = np.zeros(len(sizes), dtype=bool)
    for t, (a, b) in enumerate(children.tolist()):
        parts = cost[a] + cost[b]
        if known[m + t] and parts < error[m + t]:
            cost[m + t], split[m + t] = parts, True
    out: list[int] = []
    open_ = [len(sizes) - 1]
    while open_:
        node = open_.pop()
        if split[node]:
            open_ += children[node - m].tolist()
        else:
            out.append(node)
    nodes = np.array(sorted(out), dtype=np.int64)
    return nodes, error[nodes]
