"""Hierarchical sampling: draw from the clusters of a tree that labels do not show to be pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import EMBEDDING, LABELS, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.average_linkage import average_linkage, leaves_of
from querist.strategies.kernels.tree_sampling import pruning, summed
from querist.strategies.parameters import check_whole

__all__ = ["Hierarchical"]


@dataclass(frozen=True, repr=False)
class Hierarchical(Strategy):
    """Draws items from clusters in proportion to how many of them may be of another class than most.

    An average-linkage tree of pool and labelled items is cut where bounds from the labels give the least error (see
    `pruning`). Each pick draws one of the clusters in proportion to its error, then one of its rows uniformly, by tie
    key; a cluster without rows is passed over, and when no cluster with rows has any error left, rows are drawn by the
    sizes of the clusters. No answer comes in inside a batch, so the cut stays. With nothing labelled it draws
    uniformly. There are no scores. For more than ``exact`` rows the leaves of the tree are 1,000 k-means clusters, or
    ``exact`` when that is less, and memory is linear in the pool.

    Source: Dasgupta and Hsu, Hierarchical Sampling for Active Learning, 2008, with the active choice of the cluster.

    Args:
        exact: rows up to which the tree is that of the rows; it takes 8 bytes a pair of them.
    """

    exact: int = 4000
    cell: ClassVar[str] = "representative: density"
    paper: ClassVar[str] = "Dasgupta and Hsu 2008"
    equivariant: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuse fewer than one."""
        check_whole(self.exact, "exact")

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool, `EMBEDDING` and `LABELS` of labelled items."""
        return Needs(pool=frozenset({EMBEDDING}), labelled=frozenset({EMBEDDING, LABELS}))

    def select(self, ctx: Context, n: int) -> Selection:
        """Tree, cut, draws."""
        pool, known = ctx.pool[EMBEDDING], ctx.labelled[EMBEDDING]
        labels = np.asarray(ctx.labelled[LABELS], dtype=np.int64)
        generator, size = ctx.generator("hierarchical"), len(pool)
        x = np.concatenate([pool, np.asarray(known, dtype=pool.dtype)]) if len(known) else np.asarray(pool)
        home, errors, sizes = _clusters(x, labels, size, generator, self.exact)
        queues = [np.flatnonzero(home[:size] == c) for c in range(len(errors))]
        keys = ctx.keys("hierarchical")
        queues = [rows[np.argsort(keys[rows], kind="stable")] for rows in queues]
        left = np.array([len(rows) for rows in queues])
        rows, words = np.empty(n, dtype=np.int64), []
        for turn in range(n):
            weights = np.where(left > 0, errors, 0.0)
            if weights.sum() <= 0:
                weights = left.astype(np.float64)
            edges = np.cumsum(weights)
            c = min(int(np.searchsorted(edges, generator.random() * edges[-1], side="right")), len(edges) - 1)
            rows[turn] = queues[c][len(queues[c]) - left[c]]
            left[c] -= 1
            words.append(
                f"drawn from a cluster of {sizes[c]:,.0f}, of which up to {errors[c]:,.0f} may be of other classes"
            )
        return Selection(rows, np.full(n, np.nan), tuple(words))


def _clusters(
    x: NDArray[np.floating], labels: NDArray[np.int64], size: int, generator: np.random.Generator, exact: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """(N + L,) cluster of each row, and errors and sizes of the clusters."""
    leaf, between, sizes = leaves_of(x, 1, generator, exact)
    counts = np.zeros((len(sizes), int(labels.max(initial=0)) + 1))
    np.add.at(counts, (leaf[size:], labels), 1.0)
    if len(sizes) == 1:
        return np.zeros(len(x), dtype=np.int64), sizes - counts.max(axis=1), sizes
    pairs, _ = average_linkage(between, sizes)
    children, totals = summed(pairs, np.concatenate([sizes[:, None], counts], axis=1))
    nodes, errors = pruning(children, totals[:, 0], totals[:, 1:])
    cluster = np.full(len(totals), -1, dtype=np.int64)
    cluster[nodes] = np.arange(len(nodes))
    for t in range(len(children) - 1, -1, -1):  # from the root down
        mine = cluster[len(sizes) + t]
        if mine >= 0:
            cluster[children[t]] = mine
    return cluster[leaf], errors, totals[nodes, 0]
