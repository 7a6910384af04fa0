"""PageRank: how often a random walk comes by a node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import GRAPH, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.graphs import page_rank, undirected

__all__ = ["PageRank"]


@dataclass(frozen=True, repr=False)
class PageRank(Score):
    """Share of the time that a random walk with restarts spends in a node; the shares of the pool sum to 1.

    The graph is taken as undirected and covers the pool alone: a walk never passes a labelled node.

    Source: Page, Brin, Motwani and Winograd, The PageRank Citation Ranking, 1999; for active learning Cai, Zheng and
    Chang, Active Learning for Graph Embedding, 2017.

    Args:
        damping: probability to follow an edge rather than to start anew, from 0 to below 1.
    """

    damping: float = 0.85
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

    @property
    def needs(self) -> Needs:
        """`GRAPH` of the pool."""
        return Needs(pool=frozenset({GRAPH}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) above 0, in order of the pool whatever that is."""
        order = np.argsort(ctx.keys("page_rank"), kind="stable")
        out = np.empty(ctx.size)
        out[order] = page_rank(undirected(ctx.pool[GRAPH], order), float(self.damping))
        return out

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The share, beside the mean."""
        return [f"PageRank {v * ctx.size:.2f} times the mean" for v in values]
