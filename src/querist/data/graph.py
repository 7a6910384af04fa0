"""Graphs: nodes with features, joined by edges. The nodes are the items.

A graph is taken as undirected: the weight of an edge is the larger of its two directions, and edges of a node to itself
are left out (networks add their own).
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentTypeError, DataError, QueristWarning, shorten
from querist.core.types import Array, LabelValue
from querist.data.arrays import array_source, sparse_source
from querist.data.ids import Contents
from querist.data.labels import labels_as_text
from querist.data.source import Source

__all__ = ["GraphSource", "adjacency", "graph_source"]

_DIGEST = 16


class GraphSource(Source):
    """Items are the nodes of a graph.

    Args:
        features: source of the features of the nodes.
        graph: (N, N) CSR array, symmetric, without edges of a node to itself.
        contents: (N, 16) digest of each node: its features and those of its neighbours.
        **more: see `Source`.
    """

    def __init__(self, features: Source, graph: Any, contents: Contents, **more: Any) -> None:
        with warnings.catch_warnings():  # nodes that are alike are two places in the graph all the same
            warnings.simplefilter("ignore", QueristWarning)
            super().__init__(contents, modality="graph", **more)
        self.features = features
        self.graph = graph

    def take(self, rows: NDArray[np.int64] | slice) -> Any:
        """(n, D) features: an array, or a CSR matrix where they were given sparse."""
        return self.features.take(rows)


def graph_source(
    x: Any,
    edges: Any = None,
    *,
    ids: Sequence[Any] | None = None,
    truth: Sequence[LabelValue] | None = None,
    name: str = "the graph",
) -> GraphSource:
    """A source of the nodes of a graph.

    Args:
        x: (N, D) features, an array or a SciPy sparse matrix; or a PyTorch Geometric ``Data``, whose ``x``,
            ``edge_index``, ``edge_weight`` and ``y`` are then taken.
        edges: (2, E) node numbers from 0, each edge once or in both directions; or an (N, N) SciPy sparse adjacency.
        ids: (N,) ids; by default a digest of a node's features and of those of its neighbours.
        truth: (N,) labels, for simulations; whole numbers become their text.
        name: for messages.

    Raises:
        DataError: an edge to a node that is not there (code ``BadEdges``), bad features (``BadFeatures``), lengths that
            differ.
        ArgumentTypeError: edges of a shape that is not known (code ``BadEdges``).

    >>> source = graph_source(np.eye(3), np.array([[0, 1], [1, 2]]), truth=["a", "b", "b"])
    >>> len(source), source.graph.sum()
    (3, 4.0)
    """
    if edges is None and getattr(x, "edge_index", None) is not None:
        x, edges, found = _unpacked(x)
        truth = found if truth is None else truth
    if edges is None:
        raise ArgumentTypeError(
            f"{name}: edges are missing: pass (2, E) node numbers or an (N, N) SciPy sparse adjacency", code="BadEdges"
        )
    x = x if hasattr(x, "tocsr") else np.asarray(x)
    if x.ndim != 2 or not x.shape[0]:
        raise DataError(f"{name}: features must have shape (N, D), got {x.shape}", code="BadFeatures")
    nodes = [str(k) for k in range(x.shape[0])]
    features = _quietly(x, nodes, name)
    graph = adjacency(edges, x.shape[0], name)
    contents = _with_neighbours(features._contents, graph)
    labels = None if truth is None else labels_as_text(list(truth), name)
    return GraphSource(features, graph, contents, ids=ids, truth=labels, name=name)


def _quietly(x: Any, nodes: list[str], name: str) -> Source:
    """The features as a source; nodes may well have the same ones."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", QueristWarning)
        return (sparse_source if hasattr(x, "tocsr") else array_source)(x, ids=nodes, name=name)


def adjacency(edges: Any, nodes: int, name: str = "the graph") -> Any:
    """(N, N) CSR array in float64: symmetric by the larger direction, without self-loops or stored zeros.

    Args:
        edges: (2, E) node numbers, or an (N, N) SciPy sparse adjacency; it is not changed.
        nodes: N.
        name: for messages.

    Raises:
        DataError: a node that is not there, a weight that is negative or no number (code ``BadEdges``).
        ArgumentTypeError: a shape that is not known (code ``BadEdges``).
    """
    from scipy.sparse import coo_array, csr_array

    rows, columns, weights = _entries(edges, nodes, name)
    if not np.isfinite(weights).all() or (weights < 0).any():
        bad = weights[~(np.isfinite(weights) & (weights >= 0))]
        raise DataError(f"{name}: {len(bad)} weights of edges are negative or NaN, e.g. {bad[0]}", code="BadEdges")
    keep = (rows != columns) & (weights > 0)
    rows, columns, weights = rows[keep], columns[keep], weights[keep]
    order = np.lexsort((weights, columns, rows))  # of an edge that stands there twice the heavier one counts
    rows, columns, weights = rows[order], columns[order], weights[order]
    last = np.ones(len(rows), dtype=bool)
    last[:-1] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    one = csr_array(coo_array((weights[last], (rows[last], columns[last])), shape=(nodes, nodes)))
    both = csr_array(one.maximum(one.T))
    both.sort_indices()
    return both


def _entries(edges: Any, nodes: int, name: str) -> tuple[Array, Array, NDArray[np.float64]]:
    if hasattr(edges, "tocoo"):
        if edges.shape != (nodes, nodes):
            raise DataError(f"{name}: an adjacency of shape {edges.shape} for {nodes} nodes", code="BadEdges")
        entries = edges.tocoo()
        row, col = entries.coords if hasattr(entries, "coords") else (entries.row, entries.col)
        return np.asarray(row, np.int64), np.asarray(col, np.int64), np.asarray(entries.data, np.float64)
    pairs = np.asarray(edges)
    if pairs.ndim != 2 or pairs.shape[0] != 2 or pairs.dtype.kind not in "iu":
        turned = "; write edges.T" if pairs.ndim == 2 and pairs.shape[1] == 2 else ""
        raise ArgumentTypeError(
            f"{name}: edges must be whole numbers of shape (2, E) or an (N, N) SciPy sparse adjacency, got "
            f"{pairs.dtype} of shape {pairs.shape}{turned}",
            code="BadEdges",
        )
    odd = pairs[(pairs < 0) | (pairs >= nodes)]
    if len(odd):
        raise DataError(
            f"{name}: {len(odd)} ends of edges are no nodes, e.g. {odd[0]}; the {nodes} nodes count from 0",
            code="BadEdges",
        )
    pairs = pairs.astype(np.int64)
    return pairs[0], pairs[1], np.ones(pairs.shape[1])


def _unpacked(data: Any) -> tuple[Any, Any, list[Any] | None]:
    """Features, adjacency and labels of a ``Data`` of PyTorch Geometric."""
    from scipy.sparse import coo_array

    if data.x is None:
        raise ArgumentTypeError("the Data has no x: give the nodes features", code="BadSource")
    x, pairs = (t.detach().cpu().numpy() for t in (data.x, data.edge_index))
    y, weights = getattr(data, "y", None), getattr(data, "edge_weight", None)
    truth = y.detach().cpu().numpy().reshape(-1).tolist() if y is not None and y.numel() == len(x) else None
    if weights is None:
        return x, pairs, truth
    given = weights.detach().cpu().numpy().reshape(-1).astype(np.float64)
    _entries(pairs, len(x), "the Data")
    if len(given) != pairs.shape[1]:
        raise DataError(f"the Data has {len(given)} weights for {shorten(pairs.shape[1])} edges", code="LengthMismatch")
    return x, coo_array((given, (pairs[0], pairs[1])), shape=(len(x), len(x))), truth


def _with_neighbours(contents: Contents, graph: Any) -> Contents:
    """A digest of each node with its neighbours: equal nodes in equal places are copies, whatever their order."""
    own = [row.tobytes() for row in contents]
    columns, weights = graph.indices.tolist(), graph.data.tolist()
    out = bytearray()
    for node, (a, b) in enumerate(pairwise(graph.indptr.tolist())):
        around = sorted(own[c] + np.float64(w).tobytes() for c, w in zip(columns[a:b], weights[a:b], strict=True))
        out += hashlib.blake2b(own[node] + b"".join(around), digest_size=_DIGEST).digest()
    return np.frombuffer(bytes(out), dtype=np.uint8).reshape(-1, _DIGEST)
