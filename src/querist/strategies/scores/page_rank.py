"""PageRank: how often a random walk comes by a node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import GRAPH, Context, Needs
from querist.core.whole import over_whole, whole_of
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.graphs import page_rank, undirected
from querist.strategies.parameters import check_flag

__all__ = ["PageRank"]


@dataclass(frozen=True, repr=False)
class PageRank(Score):
    """Share of the time that a random walk with restarts spends in a node; the shares of all nodes sum to 1.

    The graph is taken as undirected. In a session it is the whole graph, with the nodes that are labelled or held out.
    With ``whole=False``, and on bare arrays, it is that of the pool: a walk never passes a labelled node.

    Source: Page, Brin, Motwani and Winograd, The PageRank Citation Ranking, 1999; for active learning Cai, Zheng and
    Chang, Active Learning for Graph Embedding, 2017.

    Args:
        damping: probability to follow an edge rather than to start anew, from 0 to below 1.
        whole: whether nodes beside the pool count where a session knows them.
    """

    damping: float = 0.85
    whole: bool = True
    cell: ClassVar[str] = "graph"
    paper: ClassVar[str] = "Page, Brin, Motwani and Winograd 1999"

    def __post_init__(self) -> None:
        """Refuse a damping that is no probability below 1."""
        if isinstance(self.damping, bool) or not isinstance(self.damping, (int, float)):
            raise ArgumentTypeError(
                f"damping must be a number from 0 to below 1, got {type(self.damping).__name__} "
                f"{shorten(self.damping)}",
                code="BadParameter",
            )
        if not 0 <= self.damping < 1:
            raise ArgumentError(f"damping must be a number from 0 to below 1, got {self.damping}", code="BadParameter")
        check_flag(self.whole, "whole")

    @property
    def needs(self) -> Needs:
        """`GRAPH` of the pool, or of the whole."""
        return over_whole(Needs(pool=frozenset({GRAPH})), self.whole)

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) above 0, in order of the pool whatever that is."""
        whole = whole_of(ctx)
        order = np.argsort(whole.keys(ctx.seed, "page_rank"), kind="stable")
        out = np.empty(len(whole))
        out[order] = page_rank(undirected(whole.view[GRAPH], order), float(self.damping))
        return out[whole.pool]

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The share, beside the mean."""
        size = len(whole_of(ctx))
        return [f"PageRank {v * size:.2f} times the mean" for v in values]
