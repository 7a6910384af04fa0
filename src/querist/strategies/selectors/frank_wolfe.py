"""Frank-Wolfe: rows whose weighted sum is near the sum of the pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import FloatArray, Selector
from querist.strategies.kernels import frank_wolfe as kernel

__all__ = ["FrankWolfe"]


@dataclass(frozen=True, repr=False)
class FrankWolfe(Selector):
    """Approximates the sum of all rows of the embedding by steps to (sum of norms) * row / norm with exact line search.

    Each step goes to the row, not yet chosen, whose direction fits the residual best; rows of norm 0 come last. Ratings
    and labelled items play no part. The scores are the fits: residual times direction, over the length of the sum.

    Source: Pinsler, Gordon, Nalisnick and Hernández-Lobato, Bayesian Batch Active Learning as Sparse Subset Approximation,
    2019, algorithm 1, on a linear kernel.
    """

    cell: ClassVar[str] = "Bayesian"
    paper: ClassVar[str] = "Pinsler, Gordon, Nalisnick and Hernández-Lobato 2019"

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool."""
        return Needs(pool=frozenset({EMBEDDING}))

    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """Step by step."""
        rows, fits, missing = kernel.frank_wolfe(ctx.pool[EMBEDDING], n, ctx.keys("frank_wolfe"))
        words = tuple(f"with it {share:.1%} of the pool's sum is missing" for share in missing)
        return Selection(rows, fits, words)
