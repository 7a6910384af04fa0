"""Cluster-Margin: the least certain items, spread over clusters."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import EMBEDDING, PROBS, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.average_linkage import linked_clusters
from querist.strategies.kernels.clusters import in_turn, members_of
from querist.strategies.kernels.order import top
from querist.strategies.kernels.probabilities import top_two

__all__ = ["ClusterMargin"]


@dataclass(frozen=True, repr=False)
class ClusterMargin(Strategy):
    """Round robin over clusters among the items of lowest p1 - p2, from the cluster that holds fewest of them.

    The pool's average-linkage tree is cut into ``clusters`` clusters. Among the ``times`` * n rows of lowest p1 - p2
    the clusters give in turn, from the smallest share to the largest, their row of lowest p1 - p2; a cluster that is
    used up is passed over. The scores are 1 - (p1 - p2).

    The tree is that of the rows for pools of up to ``exact`` of them. For larger ones its leaves are k-means clusters,
    max(1,000, 4 ``clusters``) but at most ``exact`` of them, weighted by their sizes and as far apart as the root mean
    square distance between their rows: memory is then linear in the pool. More clusters than ``exact`` are k-means
    clusters.

    Source: Citovsky, DeSalvo, Gentile, Karydas, Rajagopalan, Rostamizadeh and Kumar, Batch Active Learning at Scale,
    2021, algorithms 1 and 2. The paper stops the tree at a distance.

    Args:
        clusters: how many clusters; None for as many as the batch.
        times: how many batches of least certain rows are looked at, at least 1.
        exact: rows up to which the tree is exact; it takes 8 bytes a pair of them.
    """

    clusters: int | None = None
    times: float = 10.0
    exact: int = 4000
    cell: ClassVar[str] = "hybrid: serial"
    paper: ClassVar[str] = "Citovsky et al. 2021"
    equivariant: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for name, value in (("clusters", self.clusters), ("exact", self.exact)):
            if value is None and name == "clusters":
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ArgumentError(f"{name} must be a whole number ≥ 1, got {value!r}", code="BadParameter")
        if isinstance(self.times, bool) or not isinstance(self.times, numbers.Real):
            raise ArgumentTypeError(
                f"times must be a number ≥ 1, got {type(self.times).__name__} {shorten(self.times)}",
                code="BadParameter",
            )
        if not 1 <= self.times < math.inf:
            raise ArgumentError(f"times must be a number ≥ 1, got {self.times}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`PROBS` and `EMBEDDING` of the pool."""
        return Needs(pool=frozenset({PROBS, EMBEDDING}))

    def select(self, ctx: Context, n: int) -> Selection:
        """Cluster all, shortlist by margin, then take in turn."""
        clusters = min(self.clusters or n, ctx.size)
        labels = linked_clusters(ctx.pool[EMBEDDING], clusters, ctx.generator("cluster_margin"), self.exact)
        first, second = top_two(ctx.pool[PROBS])
        margin = (first - second).astype(np.float64)
        short = top(-margin, min(ctx.size, math.ceil(self.times * n)), ctx.keys("cluster_margin"))
        holds = members_of(labels[short], int(labels.max()) + 1)  # places in the shortlist, least certain first
        sizes = np.array([len(h) for h in holds])
        lead = np.array([h[0] if len(h) else len(short) for h in holds])
        order = np.lexsort((lead, sizes)).astype(np.int64)
        visits = in_turn(order, sizes, n)
        rows = np.empty(n, dtype=np.int64)
        for cluster in np.unique(visits):
            turns = np.flatnonzero(visits == cluster)
            rows[turns] = short[holds[cluster][: len(turns)]]
        words = tuple(
            f"margin {margin[r]:.2g}, in a cluster that holds {sizes[c]} of the {len(short):,} least certain"
            for r, c in zip(rows.tolist(), visits.tolist(), strict=True)
        )
        return Selection(rows, 1.0 - margin[rows], words)
