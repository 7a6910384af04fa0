"""Grain: nodes that influence much of the graph and whose features cover the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, shorten
from querist.core.signals import EMBEDDING, Context, Selection
from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.graph_influence import BallCoverage, NearestCoverage, lazy_greedy, longest
from querist.strategies.kernels.graphs import reach
from querist.strategies.methods.graph_pool import GraphMethod, check_number
from querist.strategies.selectors.known import known_points

__all__ = ["Grain"]


@dataclass(frozen=True, repr=False)
class Grain(GraphMethod):
    """Greedy for influence over the graph and diversity of propagated features.

    A node influences all nodes within ``hops`` steps. With ``diversity="nn"`` the aim is the share of the pool that is
    influenced, plus ``gamma`` times the mean over the pool of 1 - (distance to the nearest chosen node); with
    ``"ball"`` it is the share of the pool within ``radius`` of an influenced node. Distances are divided by the longest
    in the pool. Labelled and pending nodes count as chosen for the distances (not for influence, which the pool's graph
    does not show) given ``propagated=True``. When nothing is left to gain, rows come in the order of the tie keys. The
    scores are what a node added.

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
        geometry = Euclidean(nodes.x)
        unit = longest(geometry)
        known = np.full(ctx.size, np.inf)
        if self.propagated:
            geometry.lower(known, known_points(ctx, EMBEDDING, geometry.shifted))
        near = np.sqrt(known) / unit
        reached = reach(nodes.edges, self.hops)
        if self.diversity == "nn":
            coverage = NearestCoverage(reached, geometry, float(self.gamma), np.minimum(near, 1.0), unit)
            rows, gains = lazy_greedy(coverage, n)
            return Selection(nodes.order[rows], gains, self._words(rows, np.diff(reached.indptr)))
        balls = BallCoverage.make_balls(geometry, self.radius * unit)
        if balls is None:
            raise ArgumentError(
                f"too many pairs of items lie within radius {self.radius:g} of the longest distance to be kept; take a "
                "smaller radius, or diversity=nn",
                code="BadParameter",
            )
        rows, gains = lazy_greedy(BallCoverage(reached, balls, near <= self.radius), n)
        words = [
            f"covers {round(g * ctx.size):,} more items within {self.radius:g} of what it influences" for g in gains
        ]
        return Selection(nodes.order[rows], gains, tuple(words))

    def _words(self, rows: NDArray[np.int64], counts: NDArray[np.int64]) -> tuple[str, ...]:
        steps = "1 step" if self.hops == 1 else f"{self.hops} steps"
        return tuple(f"influences {int(counts[r]):,} items within {steps}, its features differ" for r in rows)
