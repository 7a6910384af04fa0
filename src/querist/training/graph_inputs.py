"""The whole graph as tensors: features, edges or normalised adjacency, and what a network prepares of them once."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from querist.core.errors import ArgumentTypeError, DataError
from querist.core.optional import torch as _torch
from querist.core.types import Array
from querist.data.graph import adjacency
from querist.data.source import Source
from querist.models.propagation import normalised, propagated

__all__ = ["GraphInputs"]

_THIN = 0.1
"""Share of numbers that are not 0 below which features are kept sparse."""


class GraphInputs:
    """Features and graph of a source, as tensors on the devices that ask for them.

    Args:
        source: the nodes, in numbers: arrays or SciPy sparse rows.
        graph: (N, N) SciPy sparse adjacency or (2, E) node numbers; by default ``source.graph``.

    Raises:
        ArgumentTypeError: no graph (code ``BadEdges``), or features that are no numbers (``BadLearner``).
    """

    def __init__(self, source: Source, graph: Any = None) -> None:
        found = getattr(source, "graph", None) if graph is None else graph
        if found is None:
            raise ArgumentTypeError(
                f"{source.name} has no graph: make it with querist.graph_source(x, edges), or pass graph=",
                code="BadEdges",
            )
        self.source = source
        self.graph = found if graph is None else adjacency(found, len(source), source.name)
        self._features: Any = None
        self._tensors: dict[tuple[str, str], Any] = {}

    @property
    def width(self) -> int:
        """Width of the features."""
        return int(self.features.shape[1])

    @property
    def weighted(self) -> bool:
        """Whether an edge weighs other than 1."""
        return bool((self.graph.data != 1.0).any())

    @property
    def features(self) -> Any:
        """(N, D) float32: a CSR matrix where less than a tenth of the numbers is not 0, else an array."""
        if self._features is None:
            rows = self.source.take(slice(0, len(self.source)))
            if not hasattr(rows, "tocsr"):
                rows = np.asarray(rows)
                if rows.dtype.kind not in "fiub":
                    raise ArgumentTypeError(
                        f"a graph network needs nodes with numbers, and {self.source.name} gives {rows.dtype}: give "
                        "each node a row of features",
                        code="BadLearner",
                    )
                rows = rows.reshape(len(rows), -1).astype(np.float32)
            self._features = _thin(rows)
        return self._features

    def tensors(self, module: Any, device: Any) -> tuple[Any, Any]:
        """What ``module`` is called with: (x, edges or adjacency)."""
        x = "sparse" if getattr(module, "sparse", False) and hasattr(self.features, "tocsr") else "dense"
        return self._tensor(x, device), self._tensor(takes(module), device)

    def prepared(self, module: Any, device: Any) -> Any:
        """What ``module.prepare`` gives, computed once; None for a network without it."""
        if not hasattr(module, "prepare"):
            return None
        key = "prepared", str(device)
        if key not in self._tensors:
            with _torch().no_grad():
                self._tensors[key] = module.prepare(*self.tensors(module, device))
            self._tensors.pop(("dense", str(device)), None)
        return self._tensors[key]

    def stand_in(self, module: Any) -> tuple[Any, Any]:
        """Two nodes joined by an edge, to see what a network does with them."""
        from scipy.sparse import csr_array

        torch = _torch()
        rows = self.features[:2]
        x = torch.as_tensor(np.resize(rows.toarray() if hasattr(rows, "tocsr") else rows, (2, self.width)))
        if takes(module) == "adjacency":
            return x, _csr(csr_array(np.full((2, 2), 0.5)))
        return x, torch.tensor([[0, 1], [1, 0]])

    def propagated(self, hops: int) -> Array:
        """(N, D) float32 features propagated over the whole graph."""
        return propagated(self.features, self.graph, hops)

    def _tensor(self, name: str, device: Any) -> Any:
        key = name, str(device)
        if key not in self._tensors:
            self._tensors[key] = getattr(self, f"_{name}")().to(device)
        return self._tensors[key]

    def _dense(self) -> Any:
        x = self.features
        return _torch().as_tensor(np.array(x.toarray() if hasattr(x, "tocsr") else x, dtype=np.float32))

    def _sparse(self) -> Any:
        return _csr(self.features)

    def _edges(self) -> Any:
        entries = self.graph.tocoo()
        return _torch().as_tensor(np.stack([entries.row, entries.col]).astype(np.int64))

    def _adjacency(self) -> Any:
        return _csr(normalised(self.graph))


def takes(module: Any) -> str:
    """Whether a network takes ``"adjacency"`` or ``"edges"``."""
    wanted = getattr(module, "takes", "edges")
    if wanted not in ("adjacency", "edges"):
        raise DataError(
            f"{type(module).__name__}.takes must be 'adjacency' or 'edges', got {wanted!r}", code="BadLearner"
        )
    return str(wanted)


def _thin(rows: Any) -> Any:
    from scipy.sparse import csr_array

    stored = rows.nnz if hasattr(rows, "tocsr") else np.count_nonzero(rows)
    if stored >= _THIN * rows.shape[0] * rows.shape[1]:
        return np.asarray(rows.toarray() if hasattr(rows, "tocsr") else rows, dtype=np.float32)
    thin = csr_array(rows).astype(np.float32)
    thin.sum_duplicates()
    return thin


def _csr(matrix: Any) -> Any:
    """A sparse CSR tensor in float32 of a SciPy CSR array."""
    torch = _torch()
    starts, columns = (torch.as_tensor(a.astype(np.int64)) for a in (matrix.indptr, matrix.indices))
    with warnings.catch_warnings():  # torch says once a process that they are young
        warnings.filterwarnings("ignore", message="Sparse (CSR|invariant)", category=UserWarning)
        values = torch.as_tensor(matrix.data.astype(np.float32))
        return torch.sparse_csr_tensor(starts, columns, values, matrix.shape, check_invariants=False)
