"""GraphPart: a share of the batch for each community of the graph."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.core.signals import Context, Needs, Selection
from querist.strategies.kernels.communities import communities, merge_alike
from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.k_means import k_means
from querist.strategies.methods.graph_pool import GraphMethod
from querist.strategies.parameters import check_flag

__all__ = ["GraphPart", "shares"]

_FLOOR = 1 / 3
"""Parts are merged while the smallest has less than this share of the mean size, as in the authors' code."""


@dataclass(frozen=True, repr=False)
class GraphPart(GraphMethod):
    """Communities by greedy modularity; in each the nodes nearest to the centres of k-means on propagated features.

    Communities whose features are alike are merged (Ward's rule) until none is smaller than a third of the mean, and
    until there are at most ``parts`` and at most n of them. Each part gets an equal share of the batch, the largest
    parts what is left over; a part that has too few nodes to choose from gives its rest to the others. In a session with
    a graph all of it is parted and clustered (but for nodes labelled or pending, which no cluster holds), and nodes of
    the pool are chosen. With ``far=True`` (GraphPartFar) the distance to the nearest node chosen in earlier parts is
    taken off the distance to the centre, so that picks of different parts keep apart; labelled and pending nodes count
    as chosen there, on bare arrays given ``propagated=True``. The scores are negative distances to the centre (less what
    is taken off).

    Source: Ma, Ma, Chai and Mei, Partition-Based Active Learning for Graph Neural Networks, 2023.

    Args:
        parts: most parts, or None for as many as the communities give.
        far: whether picks keep away from those of other parts.
    """

    parts: int | None = None
    far: bool = False
    paper: ClassVar[str] = "Ma et al. 2023"

    def __post_init__(self) -> None:
        """Refuse bad parameters."""
        super().__post_init__()
        if self.parts is not None and (isinstance(self.parts, bool) or not isinstance(self.parts, int)):
            raise ArgumentTypeError(f"parts must be a whole number ≥ 1, got {self.parts!r}", code="BadParameter")
        if self.parts is not None and self.parts < 1:
            raise ArgumentError(f"parts must be a whole number ≥ 1, got {self.parts}", code="BadParameter")
        check_flag(self.far, "far")

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` and `GRAPH` of the pool; with far and propagated, `EMBEDDING` of labelled and pending nodes."""
        return super().needs if self.far else replace(super().needs, uses=frozenset())

    def select(self, ctx: Context, n: int) -> Selection:
        """Part the graph, share the batch out, cluster each part."""
        nodes = self.nodes(ctx)
        found = communities(nodes.edges)
        parts = merge_alike(nodes.plain, found, min(n, self.parts or n), _FLOOR)
        sizes = np.bincount(parts)
        geometry = Euclidean(nodes.x)
        nearest = np.full(len(nodes.x), np.inf)
        if self.far:
            geometry.lower(nearest, self.known(ctx, nodes, geometry))
        generator = ctx.generator("graph_part")
        rows: list[int] = []
        scores: list[float] = []
        words: list[str] = []
        for part, share in enumerate(shares(n, np.bincount(parts[nodes.free], minlength=len(sizes)))):
            if not share:
                continue
            inside = parts == part
            members = np.flatnonzero(inside & nodes.free)
            away = np.sqrt(nearest[members]) if self.far and np.isfinite(nearest[members]).all() else None
            centres = k_means(nodes.x[inside & ~nodes.known], int(share), generator)
            picks, costs = _pick(nodes.x[members], centres, away)
            rows += members[picks].tolist()
            scores += (-costs).tolist()
            words += [f"stands for part {part + 1} of {len(sizes)} of the graph ({sizes[part]:,} nodes)"] * int(share)
            if self.far:
                geometry.lower(nearest, geometry.gather(members[picks]))
        return Selection(nodes.pool[np.array(rows, dtype=np.int64)], np.array(scores), tuple(words))


def shares(n: int, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many each part gives: equal shares, one more for the first ones, no part more than it has.

    >>> shares(7, np.array([5, 3, 1])).tolist()
    [3, 3, 1]
    """
    low, high = 0, n  # the level to which all can be filled
    while low < high:
        level = (low + high + 1) // 2
        low, high = (level, high) if np.minimum(sizes, level).sum() <= n else (low, level - 1)
    out = np.minimum(sizes, low)
    out[np.flatnonzero(sizes > low)[: n - int(out.sum())]] += 1
    return out


def _pick(
    x: NDArray[np.float64], centres: NDArray[np.float64], away: NDArray[np.float64] | None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each centre the free row of least distance to it (less ``away``)."""
    free = np.ones(len(x), dtype=bool)
    rows, costs = [], []
    for centre in centres:
        cost = np.sqrt(np.square(x - centre).sum(axis=1, dtype=np.float64))
        if away is not None:
            cost -= away
        cost[~free] = np.inf
        row = int(cost.argmin())
        free[row] = False
        rows.append(row)
        costs.append(float(cost[row]))
    return np.array(rows, dtype=np.int64), np.array(costs)
