"""AGE: entropy, density and centrality as percentiles, with weights drawn anew each round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError
from querist.core.signals import EMBEDDING, GRAPH, PROBS, Context, Needs
from querist.core.whole import over_whole, whole_of
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.graphs import page_rank, undirected
from querist.strategies.kernels.k_means import k_means
from querist.strategies.kernels.probabilities import entropy
from querist.strategies.methods.graph_pool import check_number
from querist.strategies.parameters import check_flag

__all__ = ["Age", "percentile"]

_GRID = 1e6
"""Densities and entropies are compared to six digits: what is alike but for rounding shares its percentile."""


@dataclass(frozen=True, repr=False)
class Age(Score):
    """alpha * P(entropy) + beta * P(density) + gamma * P(PageRank), P being the share of all nodes that lies below.

    Density is 1 / (1 + distance of the embedding to the nearest centre of k-means with as many clusters as classes).
    gamma is drawn from Beta(1, 1.005 - decay^round), alpha = beta = (1 - gamma) / 2: at first the structure of the
    graph decides, later the model does. One draw serves the whole batch.

    In a session with a graph the nodes are all of it, labelled and held-out ones too, as published; with ``whole=False``,
    and on bare arrays, they are the pool: PageRank is then that of the subgraph without labelled nodes, so that a node
    counts less where its neighbours are labelled.

    Source: Cai, Zheng and Chang, Active Learning for Graph Embedding, 2017; the weights as in their code.

    Args:
        decay: from 0 to 1. Published are 0.9 (Citeseer) and 0.995 (Cora, Pubmed) for rounds of one node each.
        clusters: of k-means; None for the number of classes.
        whole: whether nodes beside the pool count where a session knows them.
    """

    decay: float = 0.9
    clusters: int | None = None
    whole: bool = True
    cell: ClassVar[str] = "graph"
    paper: ClassVar[str] = "Cai, Zheng and Chang 2017"

    def __post_init__(self) -> None:
        """Refuse bad parameters."""
        check_number(self.decay, "decay", 0, 1)
        k = self.clusters
        if k is not None and (isinstance(k, bool) or not isinstance(k, int) or k < 1):
            raise ArgumentError(f"clusters must be a whole number ≥ 1, got {k!r}", code="BadParameter")
        check_flag(self.whole, "whole")

    @property
    def needs(self) -> Needs:
        """`PROBS`, `EMBEDDING` and `GRAPH` of the pool, or of the whole."""
        return over_whole(Needs(pool=frozenset({PROBS, EMBEDDING, GRAPH})), self.whole)

    def weights(self, ctx: Context) -> tuple[float, float, float]:
        """Those of entropy, density and PageRank in this round; they sum to 1."""
        gamma = float(ctx.generator("age").beta(1.0, 1.005 - self.decay**ctx.round))
        return (1.0 - gamma) / 2.0, (1.0 - gamma) / 2.0, gamma

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) from 0 to below 1."""
        whole = whole_of(ctx)
        order = np.argsort(whole.keys(ctx.seed, "age"), kind="stable")
        probs, x = whole.view[PROBS], np.asarray(whole.view[EMBEDDING])[order]
        centres = k_means(x, min(self.clusters or probs.shape[1], len(x)), ctx.generator("age, clusters"))
        geometry = Euclidean(x)
        nearest = np.full(len(x), np.inf, dtype=geometry.dtype)
        geometry.lower(nearest, geometry.shifted(centres))
        density = 1.0 / (1.0 + np.sqrt(nearest.astype(np.float64)))
        central = page_rank(undirected(whole.view[GRAPH], order))
        alpha, beta, gamma = self.weights(ctx)
        mixed = beta * percentile(_rounded(density)) + gamma * percentile(central)
        out = np.empty(len(x))
        out[order] = mixed
        return np.asarray(out + alpha * percentile(_rounded(entropy(probs))))[whole.pool]

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The weights, and the entropy."""
        alpha, beta, gamma = self.weights(ctx)
        whole = whole_of(ctx)
        bits = entropy(whole.view[PROBS][whole.pool[rows]])
        text = f"weights: entropy {alpha:.2f}, density {beta:.2f}, PageRank {gamma:.2f}"
        return [
            f"mean percentile {100 * v:.0f} ({text}; entropy {h:.2f} nats)" for v, h in zip(values, bits, strict=True)
        ]


def percentile(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) share of all values that are smaller.

    >>> percentile(np.array([3.0, 1.0, 3.0, 2.0])).tolist()
    [0.5, 0.0, 0.5, 0.25]
    """
    return np.asarray(np.searchsorted(np.sort(values), values, side="left") / len(values))


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.round(values * _GRID))
