"""Pick from clusters: a few rows of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError
from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import FloatArray, Selector
from querist.strategies.kernels.clusters import assign, members_of
from querist.strategies.kernels.k_means import k_means
from querist.strategies.parameters import check_whole

__all__ = ["ClusterPick"]

_BY = ("score", "centre", "random")


@dataclass(frozen=True, repr=False)
class ClusterPick(Selector):
    """k-means of the pool into n / ``per`` clusters (rounded up), ``per`` rows from each.

    The largest cluster comes first. Each gives, in its turn, its next ``per`` rows: with ``by="score"`` those of
    highest score (all alike where there is none), with ``by="centre"`` those nearest to its centre, with
    ``by="random"`` any. The last one to be asked gives fewer when the batch is full. When clusters have run out of
    rows, turns go on among the others until the batch is full. The clusters do not depend on the score. The scores are
    the ratings; with ``by="centre"`` the distances to the centre, negative.

    Args:
        by: "score", "centre" or "random".
        per: rows from each cluster.
    """

    by: str = "score"
    per: int = 1
    cell: ClassVar[str] = "representative: diversity"
    equivariant: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuse an unknown way to choose, and fewer than one row."""
        if self.by not in _BY:
            raise ArgumentError(f"by must be one of {', '.join(_BY)}; got {self.by!r}", code="BadParameter")
        check_whole(self.per, "per")

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool."""
        return Needs(pool=frozenset({EMBEDDING}))

    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """Cluster, then some of each."""
        x, keys = ctx.pool[EMBEDDING], ctx.keys("cluster_pick")
        clusters = -(-n // self.per)
        centres = k_means(x, clusters, ctx.generator("cluster_pick"))
        labels = assign(x, centres)
        ratings = np.full(len(x), np.nan) if scores is None else np.asarray(scores, dtype=np.float64)
        if self.by == "centre":
            ratings = -_distances(x, centres, labels)
        order = keys.argsort(kind="stable") if self.by == "random" or np.isnan(ratings[0]) else None
        if order is None:
            order = np.lexsort((keys, -ratings))
        queues = [order[rows] for rows in members_of(labels[order], clusters)]
        turns = np.argsort([-len(q) for q in queues], kind="stable")
        taken: list[NDArray[np.int64]] = []
        homes: list[int] = []
        for start in range(0, max(len(q) for q in queues), self.per):
            for cluster in turns.tolist():
                part = queues[cluster][start : start + self.per][: n - len(homes)]
                taken.append(part)
                homes += [cluster] * len(part)
            if len(homes) == n:
                break
        rows = np.concatenate(taken).astype(np.int64)
        what = {"score": "highest rated", "centre": "nearest to the centre", "random": "drawn at random"}[self.by]
        words = tuple(f"{what} in a cluster of {len(queues[c]):,}" for c in homes)
        return Selection(rows, ratings[rows], words)


def _distances(x: NDArray[Any], centres: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """(N,) Euclidean distance of each row to its own centre."""
    out = np.empty(len(x))
    step = max(1, (1 << 18) // x.shape[1])
    for start in range(0, len(x), step):
        rows = slice(start, start + step)
        away = np.asarray(x[rows], dtype=np.float64) - centres[labels[rows]]
        out[rows] = np.sqrt(np.einsum("nd,nd->n", away, away))
    return out
