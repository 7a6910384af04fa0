"""What the methods on graphs share: the pool's graph, features propagated over it, and an order of nodes by tie key.

The signal `GRAPH` covers the pool alone. In transductive use, where the labelled nodes belong to the same graph, edges
to them fall away with them, and features propagated inside the pool miss their part. To keep labelled nodes in the
graph, propagate once over the whole graph, ``propagate(undirected(graph), features, hops)`` of
`querist.strategies.kernels.graphs`, pass the rows of the result as the embedding of pool, labelled and pending items
alike, and write ``propagated=True``: no structure is then lost as labels come in, and labelled and pending nodes count
wherever the rule is about distance. What a rule asks of the graph itself (communities, reach, PageRank, degree) stays
that of the pool's own edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import EMBEDDING, GRAPH, Context, Needs
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.graphs import propagate, undirected
from querist.strategies.parameters import check_whole

__all__ = ["GraphMethod", "GraphPool", "check_number"]


@dataclass(frozen=True)
class GraphPool:
    """The pool in order of tie key, so that its order as given decides nothing.

    Args:
        order: (N,) row of the pool at each place.
        edges: (N, N) CSR array of `undirected`, or None where the method reads no graph.
        x: (N, D) propagated features.
    """

    order: NDArray[np.int64]
    edges: Any
    x: NDArray[Any]


@dataclass(frozen=True, repr=False)
class GraphMethod(Strategy):
    """A strategy on propagated features S^hops X, S being D^-1/2 (A + I) D^-1/2 of the pool's graph.

    Args:
        hops: how often features are mixed with those of neighbours, as many as the network has layers.
        propagated: the embedding is S^hops X already, over a graph that may hold the labelled nodes too.
    """

    hops: int = 2
    propagated: bool = False
    cell: ClassVar[str] = "graph"
    reads_edges: ClassVar[bool] = True
    """whether the graph is read beside propagation."""
    reads_known: ClassVar[bool] = True
    """whether labelled and pending items count, given features that can be compared."""

    def __post_init__(self) -> None:
        """Refuse bad parameters."""
        check_whole(self.hops, "hops")
        if not isinstance(self.propagated, bool):
            raise ArgumentTypeError(f"propagated must be True or False, got {self.propagated!r}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` and, where it is read, `GRAPH` of the pool."""
        pool = {EMBEDDING, GRAPH} if self.reads_edges or not self.propagated else {EMBEDDING}
        uses = {EMBEDDING} if self.propagated and self.reads_known else set()
        return Needs(pool=frozenset(pool), uses=frozenset(uses))

    def nodes(self, ctx: Context) -> GraphPool:
        """The pool's nodes in order of tie key."""
        order = np.argsort(ctx.keys(self.part_name()), kind="stable")
        edges = undirected(ctx.pool[GRAPH], order) if GRAPH in self.needs.pool else None
        x = np.asarray(ctx.pool[EMBEDDING])[order]
        return GraphPool(order, edges, _settled(x if self.propagated else propagate(edges, x, self.hops)))


def _settled(x: NDArray[Any]) -> NDArray[np.float64]:
    """Features to twelve digits of the largest: nodes with the same neighbours are alike, and not but for rounding."""
    scale = float(np.abs(x).max(initial=0.0)) * 2.0**-40
    return np.asarray(np.round(x.astype(np.float64) / scale) * scale) if scale > 0 else np.asarray(x, dtype=np.float64)


def check_number(value: object, name: str, low: float, high: float) -> None:
    """Refuse what is no number from ``low`` to ``high`` (code ``BadParameter``)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ArgumentTypeError(
            f"{name} must be a number from {low:g} to {high:g}, got {type(value).__name__} {shorten(value)}",
            code="BadParameter",
        )
    if not low <= value <= high:
        raise ArgumentError(f"{name} must be a number from {low:g} to {high:g}, got {value}", code="BadParameter")
