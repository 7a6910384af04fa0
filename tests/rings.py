"""Small graphs for the tests of graph networks: a ring of any size and a stochastic block model."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array

from querist.data.graph import GraphSource, adjacency, graph_source
from querist.models.propagation import normalised

__all__ = ["adjacency_tensor", "blocks", "dense_s", "edges_tensor", "ring"]


def ring(nodes: int = 6) -> Any:
    """(N, N) adjacency of a ring with one chord."""
    around = np.arange(nodes)
    pairs = np.stack([around, (around + 1) % nodes])
    return adjacency(np.concatenate([pairs, [[0], [nodes // 2]]], axis=1), nodes)


def dense_s(graph: Any) -> torch.Tensor:
    """S as a full matrix, by its definition."""
    loops = torch.as_tensor(graph.toarray(), dtype=torch.float32) + torch.eye(graph.shape[0])
    root = loops.sum(dim=1).rsqrt()
    return root[:, None] * loops * root


def adjacency_tensor(graph: Any) -> torch.Tensor:
    """S as networks are handed it."""
    return csr_tensor(normalised(graph))


def csr_tensor(matrix: Any) -> torch.Tensor:
    """A SciPy CSR array as a sparse CSR tensor in float32."""
    from querist.training.graph_inputs import _csr

    found: torch.Tensor = _csr(csr_array(matrix))
    return found


def edges_tensor(graph: Any) -> torch.Tensor:
    """(2, E) node numbers in both directions."""
    entries = graph.tocoo()
    return torch.as_tensor(np.stack([entries.row, entries.col]).astype(np.int64))


def blocks(sizes: tuple[int, ...] = (50, 50, 50), seed: int = 0) -> tuple[GraphSource, NDArray[np.int64]]:
    """A stochastic block model with faint features: within a block 8 edges a node, across 1; and the block of each node."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(sizes)), sizes)
    rng.shuffle(y)
    within = 8 / np.mean(sizes)
    chance = np.where(y[:, None] == y, within, 1 / len(y))
    links = np.triu(rng.random(chance.shape) < chance, 1)
    x = np.eye(len(sizes), 8)[y] + rng.normal(size=(len(y), 8))
    source = graph_source(x.astype(np.float32), np.stack(np.nonzero(links)), ids=[f"n{k}" for k in range(len(y))])
    return source, y
