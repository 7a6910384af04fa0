"""Graphs from .npz files: features, edges and perhaps labels and ids, plain arrays all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from querist.core.errors import ArgumentTypeError, DataError
from querist.data.graph import GraphSource, graph_source

__all__ = ["graph_from", "holds_a_graph"]

_FEATURES = ("X", "attr_matrix", "attr", "feature")
_EDGES = ("edges", "adj")
_LABELS = ("y", "labels")


def holds_a_graph(found: Mapping[str, Any]) -> bool:
    """Whether the arrays of a file are those of a graph."""
    return any(name in found or f"{name}_indptr" in found for name in _EDGES)


def graph_from(found: Mapping[str, Any], name: str) -> GraphSource:
    """The graph of the arrays of a file.

    Features are an array ``X`` (N, D), or the parts of a SciPy CSR matrix, ``X_data``, ``X_indices``, ``X_indptr`` and
    ``X_shape``. Edges are ``edges``, (2, E) or (E, 2) node numbers from 0, or the parts of a CSR adjacency, ``adj_data``
    and so on. ``y`` (N,) or ``labels`` are true labels, ``ids`` (N,) names. The names of common graph files, ``attr_data``
    and ``feature_values`` for the features, are taken as well.

    Args:
        found: arrays by name.
        name: of the file.

    Raises:
        DataError: no features (code ``BadFeatures``), edges that are none (``BadEdges``), lengths that differ.
    """
    x, edges = _matrix(found, _FEATURES), _matrix(found, _EDGES)
    if x is None:
        raise DataError(
            f"{name} has edges and no features; name them X, or X_data, X_indices, X_indptr and X_shape; it holds "
            f"{', '.join(found)}",
            code="BadFeatures",
        )
    if isinstance(edges, np.ndarray) and edges.ndim == 2 and edges.shape[1] == 2 != edges.shape[0]:
        edges = edges.T
    truth = next((found[key] for key in _LABELS if key in found), None)
    ids = found.get("ids")
    try:
        return graph_source(
            x,
            edges,
            ids=None if ids is None else ids.tolist(),
            truth=None if truth is None else truth.tolist(),
            name=name,
        )
    except ArgumentTypeError as error:  # in a file this is a fault of the data
        raise DataError(str(error), code="BadEdges") from error


def _matrix(found: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """The array of the first name that is there, or the CSR matrix of its parts; None where none is."""
    for name in names:
        if name in found:
            return found[name]
        if f"{name}_indptr" in found:
            return _sparse(found, name)
    return None


def _sparse(found: Mapping[str, Any], name: str) -> Any:
    from scipy.sparse import csr_array

    values = "values" if f"{name}_values" in found else "data"
    try:
        parts = tuple(found[f"{name}_{part}"] for part in (values, "indices", "indptr"))
        height, width = found[f"{name}_shape"].tolist()
        return csr_array(parts, shape=(int(height), int(width)))
    except (KeyError, ValueError, IndexError) as error:
        raise DataError(
            f"{error}: a sparse matrix needs {name}_data, {name}_indices, {name}_indptr and {name}_shape that fit",
            code="BadFeatures",
        ) from error
