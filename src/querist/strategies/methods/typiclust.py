"""TypiClust: the most typical item of the largest clusters that nobody has labelled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.clusters import assign, fit_centres, in_turn, members_of, sampled_union
from querist.strategies.kernels.typical import most_typical
from querist.strategies.parameters import check_whole
from querist.strategies.selectors.known import known_points

__all__ = ["Clustering", "TypiClust", "cluster_with_known"]

_FLOOR = 1e-6
_NEIGHBOURS = 20
_A_CENTRE = 64
"""Rows a centre on which the centres are fitted: typical rows do not hang on the last per cent of k-means."""


@dataclass(frozen=True)
class Clustering:
    """Clusters of the pool and of what is labelled or pending, in the order in which they are visited.

    Args:
        rows: pool rows of each cluster.
        known: (K,) labelled and pending items in each.
        visits: (n,) cluster of each pick.
    """

    rows: list[NDArray[np.int64]]
    known: NDArray[np.int64]
    visits: NDArray[np.int64]

    def where(self, cluster: int) -> str:
        """The cluster in words."""
        known = int(self.known[cluster])
        labelled = "no labelled item" if known == 0 else f"{known} labelled item{'s' if known > 1 else ''}"
        return f"a cluster of {len(self.rows[cluster]):,} with {labelled}"


def cluster_with_known(ctx: Context, n: int, max_clusters: int, name: str) -> Clustering:
    """k-means of pool and known items together into min(L + n, max(max_clusters, n)) clusters.

    The centres are fitted on at most 64 rows a centre, drawn uniformly. Clusters are visited in order of fewest known
    items, then of most items, known ones included.
    """
    x = ctx.pool[EMBEDDING]
    points = known_points(ctx, EMBEDDING, lambda a: np.asarray(a, dtype=np.float64))
    clusters = min(len(points) + n, max(max_clusters, n))
    generator = ctx.generator(name)
    centres = fit_centres(sampled_union(x, points, _A_CENTRE * clusters, generator), clusters, generator)
    rows = members_of(assign(x, centres), clusters)
    known = np.bincount(assign(points.astype(x.dtype), centres), minlength=clusters)
    free = np.array([len(r) for r in rows])
    order = np.lexsort((-(free + known), known)).astype(np.int64)
    return Clustering(rows, known, in_turn(order, free, n))


@dataclass(frozen=True, repr=False)
class TypiClust(Strategy):
    """The most typical item of each cluster, clusters without labels first: for the first few labels.

    k-means of pool, labelled and pending items together into min(L + n, max(``max_clusters``, n)) clusters; clusters in
    order of fewest labelled, then largest; from each in turn the pool row of largest typicality, 1 / mean distance to
    its k nearest among the cluster's pool rows, k = min(20, half as many as they are). A cluster is visited a second
    time only when all were visited, and gives its next most typical row; clusters that are used up are passed over. The
    scores are the typicalities.

    Typicality is exact for clusters of up to 20,000 rows. In larger ones it is exact for the 1,024 rows that look most
    typical among the rows of their own cell, cells being some 512 rows found by k-means.

    Source: Hacohen, Dekel and Weinshall, Active Learning on a Budget: Opposite Strategies Suit High and Low Budgets,
    2022.

    Args:
        max_clusters: most clusters; a larger batch lifts it.
    """

    max_clusters: int = 500
    text_name: ClassVar[str] = "typiclust"
    cell: ClassVar[str] = "representative: density"
    paper: ClassVar[str] = "Hacohen, Dekel and Weinshall 2022"
    equivariant: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuse fewer than one cluster."""
        check_whole(self.max_clusters, "max_clusters")

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool; of labelled and pending items where it is there."""
        return Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING}))

    def select(self, ctx: Context, n: int) -> Selection:
        """Cluster, then the most typical row of each cluster in turn."""
        x, keys, generator = ctx.pool[EMBEDDING], ctx.keys("typiclust"), ctx.generator("typiclust cells")
        found = cluster_with_known(ctx, n, self.max_clusters, "typiclust")
        picks = np.empty(n, dtype=np.int64)
        means = np.empty(n)
        for cluster in np.unique(found.visits):
            rows, turns = found.rows[cluster], np.flatnonzero(found.visits == cluster)
            k = min(_NEIGHBOURS, len(rows) // 2)
            local, distances = most_typical(x[rows], k, len(turns), keys[rows], generator)
            picks[turns], means[turns] = rows[local], distances
        typicality = 1.0 / np.maximum(means, _FLOOR)  # floored, so that copies stay finite
        words = tuple(
            f"most typical of {found.where(c)} (mean distance {d:.3g} to its neighbours)"
            for c, d in zip(found.visits.tolist(), means.tolist(), strict=True)
        )
        return Selection(picks, typicality, words)
