"""Degree: the weight of a node's edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import GRAPH, Context, Needs
from querist.core.whole import over_whole, whole_of
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.graphs import degrees, undirected
from querist.strategies.parameters import check_flag

__all__ = ["Degree"]


@dataclass(frozen=True, repr=False)
class Degree(Score):
    """Sum of the weights of a node's edges.

    The graph is taken as undirected, the larger of both directions counting. In a session it is the whole graph, with the
    nodes that are labelled or held out. With ``whole=False``, and on bare arrays, it is that of the pool: as labels come
    in, nodes whose neighbours are not labelled yet move up.

    Source: Cai, Zheng and Chang, Active Learning for Graph Embedding, 2017 (degree centrality).

    Args:
        whole: whether nodes beside the pool count where a session knows them.
    """

    whole: bool = True
    cell: ClassVar[str] = "graph"
    paper: ClassVar[str] = "Cai, Zheng and Chang 2017"

    def __post_init__(self) -> None:
        """Refuse a flag that is none."""
        check_flag(self.whole, "whole")

    @property
    def needs(self) -> Needs:
        """`GRAPH` of the pool, or of the whole."""
        return over_whole(Needs(pool=frozenset({GRAPH})), self.whole)

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at least 0."""
        whole = whole_of(ctx)
        return degrees(undirected(whole.view[GRAPH]))[whole.pool]

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The weight of the edges."""
        return [f"edges to other items weigh {v:.4g}" for v in values]
