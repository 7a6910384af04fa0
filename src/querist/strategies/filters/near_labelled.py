"""Near labelled: only the neighbourhood of what is labelled goes on (SEALS)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.contract import check_count
from querist.core.errors import ArgumentError
from querist.core.signals import EMBEDDING, Context, Needs
from querist.strategies.algebra import Filter
from querist.strategies.kernels.nearest import nearest_rows

__all__ = ["NearLabelled"]


@dataclass(frozen=True, repr=False)
class NearLabelled(Filter):
    """The union over labelled items of their k nearest pool rows, by Euclidean distance in the embedding.

    Exact, in blocks: L N D operations for L labelled items. Few labelled items with near neighbours in common may leave
    fewer rows than the batch, which is then refused. Pending items play no part: their neighbourhood may be empty of
    what is sought.

    Source: Coleman, Chou, Katz-Samuels, Culatana, Bailis, Berg, Nowak, Sumbaly, Zaharia and Yalniz, Similarity Search
    for Efficient Active Learning and Search of Rare Concepts, 2022, algorithm 1.

    Args:
        k: neighbours of each labelled item.
    """

    k: int = 100
    cell: ClassVar[str] = "filter"
    paper: ClassVar[str] = "Coleman et al. 2022"

    def __post_init__(self) -> None:
        """Check the count."""
        object.__setattr__(self, "k", check_count(self.k, "k"))

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool and of labelled items."""
        return Needs(pool=frozenset({EMBEDDING}), labelled=frozenset({EMBEDDING}))

    def keep(self, ctx: Context, n: int) -> NDArray[np.int64]:
        """The rows that are near, sorted.

        Raises:
            ArgumentError: nothing is labelled (code ``MissingSignal``).
        """
        known = ctx.labelled[EMBEDDING]
        if not len(known):
            raise ArgumentError(
                "near_labelled needs the embedding of at least one labelled item; pass labelled={'embedding': ...}",
                code="MissingSignal",
            )
        x = ctx.pool[EMBEDDING]
        if self.k >= ctx.size:
            return np.arange(ctx.size, dtype=np.int64)
        rows, _ = nearest_rows(x, known, self.k, ctx.keys("near_labelled"))
        return np.unique(rows)

    def describe(self, kept: int, of: int) -> str:
        """Whose neighbours they are."""
        return f"among {kept:,} of {of:,} that are one of the {self.k} nearest to a labelled item"
