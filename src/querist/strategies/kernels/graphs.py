"""Graphs as sparse matrices: degrees, PageRank, features propagated along the edges, what a node reaches.

A graph is taken as undirected: the weight of an edge is the larger of its two directions, edges of a node to itself are
left out (propagation adds its own). All of it is sparse products; nothing of N x N numbers is made.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.models.propagation import normalised

__all__ = ["degrees", "normalised", "page_rank", "propagate", "reach", "undirected"]

_STEPS = 1000
_DIGITS = 10
"""Digits of PageRank times N that are kept: nodes that are alike but for rounding tie."""


def undirected(graph: Any, order: NDArray[np.int64] | None = None) -> Any:
    """(N, N) CSR array in float64: symmetric by the larger direction, without self-loops or stored zeros.

    Args:
        graph: (N, N) SciPy sparse adjacency of any kind; it is not changed.
        order: rows to take, in this order, or None for all as they are.
    """
    from scipy.sparse import coo_array, csr_array

    square = graph.tocsr()
    if order is not None:
        square = square[order][:, order]
    entries = coo_array(square)
    keep = (entries.row != entries.col) & (entries.data != 0)
    rows, columns, weights = entries.row[keep], entries.col[keep], entries.data[keep].astype(np.float64)
    one = csr_array((weights, (rows, columns)), shape=entries.shape)
    both = csr_array(one.maximum(one.T))
    both.sort_indices()
    return both


def degrees(edges: Any) -> NDArray[np.float64]:
    """(N,) sums of the weights of a node's edges, from `undirected`."""
    return np.asarray(edges.sum(axis=1), dtype=np.float64).reshape(-1)


def page_rank(edges: Any, damping: float = 0.85) -> NDArray[np.float64]:
    """(N,) shares of the time that a random walk with restarts spends in each node; they sum to 1.

    A walker follows an edge in proportion to its weight with probability ``damping``, else it starts anew anywhere;
    from a node without edges it always starts anew.

    Source: Page, Brin, Motwani and Winograd, The PageRank Citation Ranking, 1999; by power iteration.

    Args:
        edges: (N, N) from `undirected`.
        damping: from 0 (every node alike) to below 1.
    """
    size = edges.shape[0]
    out = degrees(edges)
    scale = np.divide(1.0, out, out=np.zeros(size), where=out > 0)
    alone = out == 0
    rank = np.full(size, 1.0 / size)
    for _ in range(_STEPS):
        moved = damping * (edges @ (rank * scale) + rank[alone].sum() / size) + (1.0 - damping) / size
        change = np.abs(moved - rank).sum()
        rank = moved
        if change < 1e-13:
            break
    return np.asarray(np.round(rank * size, _DIGITS) / size)


def propagate(edges: Any, x: NDArray[Any], hops: int) -> NDArray[Any]:
    """S^hops x, each row mixed with those of its neighbours: (N, D), in float64.

    Source: Wu, Xu, Singh, Yang and Dubrawski, Active Learning for Graph Neural Networks via Node Feature Propagation,
    2019.

    Args:
        edges: (N, N) from `undirected`.
        x: (N, D) features.
        hops: how many times; 0 gives the features themselves.
    """
    out = np.asarray(x, dtype=np.float64)
    if hops:
        step = normalised(edges)
        for _ in range(hops):
            out = step @ out
    return out


def reach(edges: Any, hops: int) -> Any:
    """What a node reaches in at most ``hops`` steps, itself included: (N, N) CSR array of truth values.

    Those are the places where S^hops is not 0.

    Args:
        edges: (N, N) from `undirected`.
        hops: how many steps.
    """
    from scipy.sparse import csr_array, eye_array

    size = edges.shape[0]
    step = csr_array((edges != 0) + eye_array(size, dtype=bool))
    out = csr_array(eye_array(size, dtype=bool))
    for _ in range(hops):
        out = csr_array(out @ step)  # in truth values: no count of paths that could run over
    out.sort_indices()
    return out
