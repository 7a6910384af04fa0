"""RandomClust: TypiClust's clusters, a random item of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.methods.typiclust import cluster_with_known
from querist.strategies.parameters import check_whole

__all__ = ["RandomClust"]


@dataclass(frozen=True, repr=False)
class RandomClust(Strategy):
    """A random item of each cluster, clusters without labels first; beside it, `TypiClust` shows what typicality adds.

    Clusters and their order are those of `TypiClust`: k-means of pool, labelled and pending items together into
    min(L + n, max(``max_clusters``, n)) clusters, fewest labelled first, then largest, in turn. From each a row drawn
    uniformly, by its tie key. There are no scores.

    Source: Hacohen, Dekel and Weinshall, Active Learning on a Budget, 2022 (the random choice inside a cluster,
    an ablation).

    Args:
        max_clusters: most clusters; a larger batch lifts it.
    """

    max_clusters: int = 500
    cell: ClassVar[str] = "representative: diversity"
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
        """Cluster, then a random row of each cluster in turn."""
        keys = ctx.keys("random_clust")
        found = cluster_with_known(ctx, n, self.max_clusters, "random_clust")
        picks = np.empty(n, dtype=np.int64)
        for cluster in np.unique(found.visits):
            rows, turns = found.rows[cluster], np.flatnonzero(found.visits == cluster)
            picks[turns] = rows[np.argsort(keys[rows], kind="stable")[: len(turns)]]
        words = tuple(f"drawn at random from {found.where(c)}" for c in found.visits.tolist())
        return Selection(picks, np.full(n, np.nan), words)
