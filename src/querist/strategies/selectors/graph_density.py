"""Graph density: the densest row of a graph of nearest rows, whose neighbours then lose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.contract import check_count
from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import FloatArray, Selector
from querist.strategies.kernels.nearest_graph import nearest_graph
from querist.strategies.kernels.voting import dense_picks
from querist.strategies.selectors.bandwidth import check_positive
from querist.strategies.selectors.known import known_points, known_rows

__all__ = ["GraphDensity"]


@dataclass(frozen=True, repr=False)
class GraphDensity(Selector):
    """Each pick has the largest mean edge weight in the graph of k nearest rows; its neighbours lose its density.

    Edges, in both directions, weigh exp(-d^2 / (2 sigma^2)); sigma defaults to the root mean square of their distances.
    Labelled and pending rows are in the graph, and have taken their density from their neighbours before. Ratings play no
    part. The scores are the densities at the time of the pick.

    Source: Ebert, Fritz and Schiele, RALF: A Reinforced Active Learning Formulation for Object Class Recognition, 2012.
    """

    k: int = 10
    sigma: float | None = None
    cell: ClassVar[str] = "representative: density"
    paper: ClassVar[str] = "Ebert, Fritz and Schiele 2012"

    def __post_init__(self) -> None:
        """Refuse a k below 1 and a sigma that is not above 0."""
        object.__setattr__(self, "k", check_count(self.k, "k"))
        check_positive("sigma", self.sigma)

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool; of labelled and pending items where it is there."""
        return Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING}))

    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """Densest first."""
        x, keys = ctx.pool[EMBEDDING], ctx.keys("graph_density")
        known = known_points(ctx, EMBEDDING, lambda points: np.asarray(points, dtype=np.float64))
        whole, all_keys = known_rows(x, known, keys)
        near, distances = nearest_graph(whole, self.k, all_keys)
        spread = float(np.sqrt(np.mean(np.square(distances)))) if distances.size else 0.0
        sigma = float(self.sigma) if self.sigma is not None else spread or 1.0
        # an edge keeps a weight above 0, however long, so that it stays an edge
        weights = np.maximum(np.exp(-0.5 * np.square(distances / sigma)), 1e-300)
        rows, values = dense_picks(near, weights, ctx.size, n, keys)
        graph = f"in the graph of {self.k} nearest rows, less that of chosen neighbours"
        words = tuple(f"density {v:.3g} {graph}" for v in values)
        return Selection(rows, values, words)
