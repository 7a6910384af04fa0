"""Degree: the weight of a node's edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import GRAPH, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.graphs import degrees, undirected

__all__ = ["Degree"]


@dataclass(frozen=True, repr=False)
class Degree(Score):
    """Sum of the weights of a node's edges to other nodes of the pool.

    The graph is taken as undirected, the larger of both directions counting. It covers the pool alone: edges to
    labelled nodes do not count, so that as labels come in, nodes whose neighbours are not labelled yet move up.

    Source: Cai, Zheng and Chang, Active Learning for Graph Embedding, 2017 (degree centrality).
    """

    cell: ClassVar[str] = "graph"
    paper: ClassVar[str] = "Cai, Zheng and Chang 2017"

    @property
    def needs(self) -> Needs:
        """`GRAPH` of the pool."""
        return Needs(pool=frozenset({GRAPH}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at least 0."""
        return degrees(undirected(ctx.pool[GRAPH]))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The weight of the edges."""
        return [f"edges to other items weigh {v:.4g}" for v in values]
