"""Features mixed along the edges of a graph, S^K X: what graph convolutions do before any weight, in blocks of rows.

Wu, Zhang, de Souza, Fifty, Yu and Weinberger, Simplifying Graph Convolutional Networks, 2019: propagated once, such
features serve any model that knows nothing of graphs.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, DataError
from querist.core.types import Array

__all__ = ["normalised", "propagated"]

_BLOCK = 1 << 24
"""Numbers in a block."""


def normalised(edges: Any) -> Any:
    """S = D^-1/2 (A + I) D^-1/2, the smoothing of graph convolutions: (N, N) CSR array, float64.

    Source: Kipf and Welling, Semi-Supervised Classification with Graph Convolutional Networks, 2017, equation 2.

    Args:
        edges: (N, N) symmetric sparse adjacency without edges of a node to itself.
    """
    from scipy.sparse import csr_array, diags_array, eye_array

    degrees = np.asarray(edges.sum(axis=1), dtype=np.float64).reshape(-1)
    scale = diags_array(1.0 / np.sqrt(degrees + 1.0))
    return csr_array(scale @ (edges + eye_array(edges.shape[0])) @ scale)


def propagated(
    features: Any, graph: Any, hops: int = 2, *, into: str | Path | None = None, block: int | None = None
) -> NDArray[np.float32]:
    """S^hops X in float32: each node's features mixed with those of its neighbours, ``hops`` times.

    Works in blocks of rows. Beside the graph, memory holds two arrays of (N, D) float32 (the result and the step
    before), or with ``into`` one block of each and pages of two files that the system may drop.

    Args:
        features: (N, D) array, memory-map, SciPy sparse matrix, or a source with ``take(slice)``.
        graph: (N, N) symmetric sparse adjacency without edges of a node to itself, as `GraphSource.graph`.
        hops: how many times; 0 gives the features.
        into: a ``.npy`` file for the result, which is then a read-only memory-map; a second file of this size lies beside
            it while the work goes on.
        block: rows a block; by default as many as make 16 million numbers.

    Raises:
        DataError: another number of features than of nodes (code ``LengthMismatch``).
        ArgumentError: hops is no count (code ``BadValue``).
    """
    if isinstance(hops, bool) or not isinstance(hops, int) or hops < 0:
        raise ArgumentError(f"hops must be a whole number of 0 or more, got {hops!r}", code="BadValue")
    if block is not None and block < 1:
        raise ArgumentError(f"block must be a whole number of 1 or more, got {block!r}", code="BadValue")
    take, count, width = _reader(features)
    if graph.shape != (count, count):
        raise DataError(f"features of {count} nodes and a graph of {graph.shape[0]}", code="LengthMismatch")
    rows = block or max(1, _BLOCK // max(width, 1))
    blocks = [slice(start, min(start + rows, count)) for start in range(0, count, rows)]
    step = normalised(graph).astype(np.float32) if hops else None
    if into is None:
        whole, _ = _steps(take, step, hops, blocks, lambda _k: np.empty((count, width), dtype=np.float32))
        return np.asarray(whole)
    return _on_disk(Path(into), take, step, hops, blocks, (count, width))


def _steps(
    take: Callable[[slice], Array], step: Any, hops: int, blocks: list[slice], make: Callable[[int], Array]
) -> tuple[Array, int]:
    """The last of two buffers in turn, and which of them it is."""
    buffers = [make(0)]
    for rows in blocks:
        buffers[0][rows] = take(rows)
    for hop in range(hops):
        if hop == 0:
            buffers.append(make(1))
        old, new = buffers[hop % 2], buffers[(hop + 1) % 2]
        for rows in blocks:
            new[rows] = step[rows] @ old
    return buffers[hops % 2], hops % 2


def _on_disk(
    into: Path, take: Callable[[slice], Array], step: Any, hops: int, blocks: list[slice], shape: tuple[int, int]
) -> NDArray[np.float32]:
    """The same in two files of one folder; the result is renamed to ``into`` when it is whole."""
    from numpy.lib.format import open_memmap

    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into.parent, prefix=".propagated-") as name:
        files = [Path(name) / "a.npy", Path(name) / "b.npy"]
        found, which = _steps(
            take, step, hops, blocks, lambda k: open_memmap(files[k], "w+", dtype=np.float32, shape=shape)
        )
        found.flush()  # type: ignore[attr-defined]
        del found
        os.replace(files[which], into)
    return np.asanyarray(np.load(into, mmap_mode="r", allow_pickle=False))


def _reader(features: Any) -> tuple[Callable[[slice], Array], int, int]:
    """A function from a slice to dense float32 rows, how many rows there are, and their width."""

    def dense(batch: Any) -> Array:
        return np.asarray(batch.toarray() if hasattr(batch, "toarray") else batch, dtype=np.float32)

    if hasattr(features, "ids") and hasattr(features, "take"):  # a source
        first = dense(features.take(slice(0, 1)))
        return lambda rows: dense(features.take(rows)), len(features), first.shape[1]
    matrix = features.tocsr() if hasattr(features, "tocsr") else np.asanyarray(features)
    if matrix.ndim != 2:
        raise DataError(f"features must have shape (N, D), got {matrix.shape}", code="BadFeatures")
    return lambda rows: dense(matrix[rows]), matrix.shape[0], matrix.shape[1]
