"""Graph density: the middle of dense regions, one region after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import FloatArray, Selector
from querist.strategies.kernels.graph_density import dense_first, neighbour_graph
from querist.strategies.parameters import check_whole

__all__ = ["GraphDensity"]


@dataclass(frozen=True, repr=False)
class GraphDensity(Selector):
    """Each pick has the highest density in a graph of k nearest neighbours; its density is taken off its neighbours'.

    The density of an item is the mean of exp(-gamma d) over its edges, an edge joining two items of which one is among
    the k nearest of the other. Labelled and pending items are part of the graph and count as chosen before, densest
    first. Ratings play no part. The scores are the densities at the time of the pick.

    Source: Ebert, Fritz and Schiele, RALF: A Reinforced Active Learning Formulation for Object Class Recognition, 2012.

    Args:
        k: neighbours of an item.
        gamma: per unit of Euclidean distance; None for 1 / (mean distance along the edges).
    """

    k: int = 10
    gamma: float | None = None
    cell: ClassVar[str] = "representative: density"
    paper: ClassVar[str] = "Ebert, Fritz and Schiele 2012"

    def __post_init__(self) -> None:
        """Refuse bad parameters."""
        check_whole(self.k, "k")
        if self.gamma is None:
            return
        if isinstance(self.gamma, bool) or not isinstance(self.gamma, (int, float)):
            raise ArgumentTypeError(
                f"gamma must be a number above 0, got {type(self.gamma).__name__} {shorten(self.gamma)}",
                code="BadParameter",
            )
        if not 0 < self.gamma < float("inf"):
            raise ArgumentError(f"gamma must be a number above 0, got {self.gamma}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool; of labelled and pending items where it is there."""
        return Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING}))

    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """Densest first."""
        order = np.argsort(ctx.keys("graph_density"), kind="stable")
        points = [np.asarray(ctx.pool[EMBEDDING], dtype=np.float64)[order]]
        for view in (ctx.labelled, ctx.pending):
            if len(view) and EMBEDDING in view:
                points.append(np.asarray(view[EMBEDDING], dtype=np.float64))
        every = np.concatenate(points)
        rows, density = dense_first(neighbour_graph(every, self.k, self.gamma), len(every) - ctx.size, n)
        words = tuple(f"density {d:.3g} among its neighbours that are not yet covered" for d in density)
        return Selection(order[rows], density, words)
