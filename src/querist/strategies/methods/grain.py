"""Grain: nodes that influence much of the graph and whose features cover the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, shorten
from querist.core.signals import Context, Selection
from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.graph_influence import BallCoverage, Coverage, NearestCoverage, lazy_greedy, longest
from querist.strategies.kernels.graphs import reach
from querist.strategies.methods.graph_pool import GraphMethod, check_number

__all__ = ["Grain"]


@dataclass(frozen=True, repr=False)
class Grain(GraphMethod):
    """Greedy for influence over the graph and diversity of propagated features.

    A node influences all nodes within ``hops`` steps. With ``diversity="nn"`` the aim is the share of the nodes that is
    influenced, plus ``gamma`` times the mean over the nodes of 1 - (distance to the nearest chosen node); with
    ``"ball"`` it is the share of the nodes within ``radius`` of an influenced node. Distances are divided by the longest
    of all. In a session with a graph the nodes are all of it, and labelled and pending ones count as chosen. On bare
    arrays the nodes are the pool; labelled and pending ones count as chosen for the distances alone (what they influence
    the pool's graph does not show), given ``propagated=True``. When nothing is left to gain, rows come in the order of
    the tie keys. The scores are what a node added.

    Source: Zhang et al., Grain: Improving Data Efficiency of Graph Neural Networks via Diversified Influence
    Maximization, 2021; both diversities as in the authors' code, where NN-D looks at the chosen nodes.

    Args:
        diversity: "nn" or "ball".
        gamma: weight of diversity beside influence, for "nn".
        radius: of the balls, in units of the longest distance, for "ball"; 0.05 in the authors' code.
    """

    diversity: str = "nn"
    gamma: float = 1.0
    radius: float = 0.05
    paper: ClassVar[str] = "Zhang et al. 2021"

    def __post_init__(self) -> None:
        """Refuse bad parameters."""
        super().__post_init__()
        if self.diversity not in ("nn", "ball"):
            raise ArgumentError(
                f"diversity must be 'nn' or 'ball', got {shorten(self.diversity)!r}", code="BadParameter"
            )
        check_number(self.gamma, "gamma", 0, 1e6)
        check_number(self.radius, "radius", 0, 1)

    def select(self, ctx: Context, n: int) -> Selection:
        """Lazy greedy."""
        nodes = self.nodes(ctx)
        geometry, size = Euclidean(nodes.x), len(nodes.x)
        unit = longest(geometry)
        known = np.full(size, np.inf)
        geometry.lower(known, self.known(ctx, nodes, geometry))
        near = np.sqrt(known) / unit
        reached = reach(nodes.edges, self.hops)
        coverage: Coverage
        if self.diversity == "nn":
            coverage = NearestCoverage(reached, geometry, float(self.gamma), np.minimum(near, 1.0), unit)
        else:
            balls = BallCoverage.make_balls(geometry, self.radius * unit)
            if balls is None:
                raise ArgumentError(
                    f"too many pairs of items lie within radius {self.radius:g} of the longest distance to be kept; take a "
                    "smaller radius, or diversity=nn",
                    code="BadParameter",
                )
            coverage = BallCoverage(reached, balls, near <= self.radius)
        for row in np.flatnonzero(nodes.known).tolist():
            coverage.add(row)
        rows, gains = lazy_greedy(coverage, n, nodes.free)
        if self.diversity == "nn":
            words = self._words(rows, np.diff(reached.indptr))
        else:
            more = [f"{round(g * size):,}" for g in gains]
            words = tuple(f"covers {m} more items within {self.radius:g} of what it influences" for m in more)
        return Selection(nodes.pool[rows], gains, words)

    def _words(self, rows: NDArray[np.int64], counts: NDArray[np.int64]) -> tuple[str, ...]:
        steps = "1 step" if self.hops == 1 else f"{self.hops} steps"
        return tuple(f"influences {int(counts[r]):,} items within {steps}, its features differ" for r in rows)
