"""Vote-k: rows that many others have among their nearest, spread out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.contract import check_count
from querist.core.errors import ArgumentError
from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import FloatArray, Selector
from querist.strategies.kernels.nearest_graph import nearest_graph
from querist.strategies.kernels.voting import vote_picks
from querist.strategies.parameters import check_positive
from querist.strategies.selectors.known import known_points, known_rows

__all__ = ["VoteK"]


@dataclass(frozen=True, repr=False)
class VoteK(Selector):
    """Each row votes for the k rows of largest cosine; a vote is worth rho^-(rows that its voter has among the chosen).

    Each pick has the largest sum of votes of rows that are not chosen themselves. Labelled and pending rows vote for and
    are voted for like others, and count as chosen before. Ratings play no part. The scores are the sums. This is the first
    stage of the paper ("fast vote-k"); its second, by the confidence of a language model, is a ``shortlist`` of another
    score. k is at most a tenth of the rows: where all vote for all, votes say nothing.

    Source: Su et al., Selective Annotation Makes Language Models Better Few-Shot Learners, 2023 (k 150, rho 10).
    """

    k: int = 150
    rho: float = 10.0
    cell: ClassVar[str] = "representative: density"
    paper: ClassVar[str] = "Su et al. 2023"

    def __post_init__(self) -> None:
        """Refuse a k below 1 and a rho that is not above 1."""
        object.__setattr__(self, "k", check_count(self.k, "k"))
        if self.rho is not None:
            check_positive(self.rho, "rho")
        if self.rho is None or float(self.rho) <= 1:
            raise ArgumentError(f"rho must be a number > 1, got {self.rho}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool; of labelled and pending items where it is there."""
        return Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING}))

    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """Vote, then pick."""
        x, keys = ctx.pool[EMBEDDING], ctx.keys("vote_k")
        known = known_points(ctx, EMBEDDING, lambda points: np.asarray(points, dtype=np.float64))
        whole, all_keys = known_rows(x, known, keys)
        near, _ = nearest_graph(whole, min(self.k, max(1, len(whole) // 10)), all_keys, "cosine")
        rows, sums = vote_picks(near, ctx.size, n, float(self.rho), keys)
        words = tuple(f"votes worth {v:.3g} of rows that have it among their {near.shape[1]} nearest" for v in sums)
        return Selection(rows, sums, words)
