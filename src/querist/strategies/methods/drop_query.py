"""DropQuery: items whose class changes under dropout, one a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError
from querist.core.signals import EMBEDDING, MEMBERS, PROBS, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.k_means import k_means, nearest_rows
from querist.strategies.scores.committee import NOT_CLASSES, members_of

__all__ = ["DropQuery", "disagreeing"]


def disagreeing(members: NDArray[np.floating], probs: NDArray[np.floating]) -> NDArray[np.int64]:
    """(N,) how many of the S members' classes differ from the class of ``probs``, the first of equal classes."""
    out = np.empty(len(members), dtype=np.int64)
    step = max(1, (1 << 20) // max(1, members.shape[1] * members.shape[2]))
    for start in range(0, len(members), step):
        rows = slice(start, start + step)
        out[rows] = (members[rows].argmax(axis=2) != probs[rows].argmax(axis=1)[:, None]).sum(axis=1)
    return out


@dataclass(frozen=True, repr=False)
class DropQuery(Strategy):
    """Items on which most passes with dropout disagree with the plain prediction, one from each of n clusters.

    Candidates are the rows where more than half of the members' classes differ from the class of ``probs``. When fewer
    than n rows qualify, the number that must differ is lowered, one at a time, until n do. k-means of the candidates
    into n clusters; the candidate nearest to each centre. The scores are the shares of members that differ.

    Source: Gupte, Aklilu, Nirschl and Yeung-Levy, Revisiting Active Learning in the Era of Vision Foundation Models,
    2024.
    """

    cell: ClassVar[str] = "hybrid: serial"
    paper: ClassVar[str] = "Gupte et al. 2024"
    equivariant: ClassVar[bool] = False

    @property
    def needs(self) -> Needs:
        """`PROBS`, `MEMBERS` and `EMBEDDING` of the pool."""
        return Needs(pool=frozenset({PROBS, MEMBERS, EMBEDDING}), unfit=NOT_CLASSES)

    def select(self, ctx: Context, n: int) -> Selection:
        """Candidates, clusters, nearest rows.

        Raises:
            ArgumentError: the members are those of a regression (code ``ShapeMismatch``).
        """
        members = members_of(ctx)
        if members.ndim != 3:
            raise ArgumentError(
                f"drop_query needs members of a classifier, shape (N, S, C); got {tuple(members.shape)}",
                code="ShapeMismatch",
            )
        passes = members.shape[1]
        differ = disagreeing(members, ctx.pool[PROBS])
        most = np.sort(differ)[::-1]
        needed = min(passes // 2 + 1, int(most[n - 1]))
        candidates = np.flatnonzero(differ >= needed)
        x = ctx.pool[EMBEDDING][candidates]
        centres = k_means(x, n, ctx.generator("drop_query"))
        local, _ = nearest_rows(x, centres, ctx.keys("drop_query")[candidates])
        rows = candidates[local].astype(np.int64)
        words = tuple(
            f"{differ[r]} of {passes} passes with dropout change its class; nearest to the centre of cluster {c} of {n}"
            for c, r in enumerate(rows.tolist(), start=1)
        )
        return Selection(rows, differ[rows] / passes, words)
