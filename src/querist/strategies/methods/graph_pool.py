"""What the methods on graphs share: the graph, features propagated over it, and an order of nodes by tie key.

In a session that holds a graph it is the whole graph: labelled, pending and held-out nodes stay in it, features mix with
theirs, and only nodes of the pool are chosen. On bare arrays the graph is that of the pool, and edges to labelled nodes
fall away with them. To keep labelled nodes in the features there, propagate once over the whole graph,
``propagate(undirected(graph), features, hops)`` of `querist.strategies.kernels.graphs`, pass the rows of the result as the
embedding of pool, labelled and pending items alike, and write ``propagated=True``: labelled and pending nodes then count
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
from querist.core.whole import over_whole, whole_of
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.graphs import propagate, undirected
from querist.strategies.parameters import check_flag, check_whole
from querist.strategies.selectors.known import known_points

__all__ = ["GraphMethod", "Nodes", "check_number"]


@dataclass(frozen=True)
class Nodes:
    """The nodes of the graph in order of tie key, so that their order as given decides nothing.

    Args:
        edges: (W, W) CSR array of `undirected`, or None where the method reads no graph.
        plain: (W, D) features.
        x: (W, D) propagated features.
        pool: (W,) row of the pool at each place, and -1 for a node that cannot be chosen.
        known: (W,) whether a node is labelled or pending.
    """

    edges: Any
    plain: NDArray[Any]
    x: NDArray[Any]
    pool: NDArray[np.int64]
    known: NDArray[np.bool_]

    @property
    def free(self) -> NDArray[np.bool_]:
        """(W,) whether a node may be chosen."""
        return self.pool >= 0


@dataclass(frozen=True, repr=False)
class GraphMethod(Strategy):
    """A strategy on propagated features S^hops X, S being D^-1/2 (A + I) D^-1/2 of the graph.

    Args:
        hops: how often features are mixed with those of neighbours, as many as the network has layers.
        propagated: the embedding is S^hops X already, over a graph that may hold the labelled nodes too.
        whole: whether nodes beside the pool count where a session knows them.
    """

    hops: int = 2
    propagated: bool = False
    whole: bool = True
    cell: ClassVar[str] = "graph"
    reads_edges: ClassVar[bool] = True
    """whether the graph is read beside propagation."""
    reads_known: ClassVar[bool] = True
    """whether labelled and pending items count, given features that can be compared."""

    def __post_init__(self) -> None:
        """Refuse bad parameters."""
        check_whole(self.hops, "hops")
        check_flag(self.propagated, "propagated")
        check_flag(self.whole, "whole")

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` and, where it is read, `GRAPH` of the pool, or of the whole."""
        pool = frozenset({EMBEDDING, GRAPH} if self.reads_edges or not self.propagated else {EMBEDDING})
        uses = {EMBEDDING} if self.propagated and self.reads_known else set()
        return over_whole(Needs(pool=pool, uses=frozenset(uses)), self.whole and GRAPH in pool)

    def nodes(self, ctx: Context) -> Nodes:
        """All nodes of the graph in order of tie key."""
        whole = whole_of(ctx)
        order = np.argsort(whole.keys(ctx.seed, self.part_name()), kind="stable")
        edges = undirected(whole.view[GRAPH], order) if GRAPH in self.needs.pool else None
        plain = np.asarray(whole.view[EMBEDDING])[order]
        x = _settled(plain if self.propagated else propagate(edges, plain, self.hops))
        return Nodes(edges, plain, x, whole.places()[order], whole.known()[order])

    def known(self, ctx: Context, nodes: Nodes, geometry: Euclidean) -> NDArray[np.float64]:
        """(K, D) points of labelled and pending nodes: those in the graph, else those given where they can be compared.

        Args:
            ctx: the context.
            nodes: its nodes.
            geometry: over ``nodes.x``.
        """
        if ctx.whole is None and self.propagated:
            return known_points(ctx, EMBEDDING, geometry.shifted)
        return np.asarray(geometry.gather(np.flatnonzero(nodes.known)))


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
