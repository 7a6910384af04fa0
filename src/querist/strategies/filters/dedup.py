"""Dedup: of rows that are nearly the same only the first goes on."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import EMBEDDING, Context, Needs
from querist.strategies.algebra import Filter
from querist.strategies.kernels.duplicates import distinct_rows

__all__ = ["Dedup"]


@dataclass(frozen=True, repr=False)
class Dedup(Filter):
    """Goes through the pool in order and drops a row whose cosine similarity to a kept row is at least the threshold.

    Exact copies are always dropped; a zero row has cosine 0 with every other. Which of several near copies stays depends
    on the order of the pool, so the filter is not equivariant. It may leave fewer rows than the batch, which is then
    refused. N M D operations in blocks for M rows kept, so put a shortlist or a subsample before it on a large pool.

    Source: Hazra, Dutta, Gupta, Qaathir and Dukkipati, Active2 Learning, 2021: its redundancy filter, with the cosine in
    the place of a learned similarity.

    Args:
        threshold: cosine similarity, above 0 and at most 1.
    """

    threshold: float
    cell: ClassVar[str] = "filter"
    paper: ClassVar[str] = "Hazra et al. 2021"
    equivariant: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Check the threshold."""
        if isinstance(self.threshold, bool) or not isinstance(self.threshold, numbers.Real):
            raise ArgumentTypeError(
                f"threshold must be a number above 0 and at most 1, got {type(self.threshold).__name__} "
                f"{shorten(self.threshold)}",
                code="BadParameter",
            )
        if not 0 < self.threshold <= 1:
            raise ArgumentError(
                f"threshold must be a number above 0 and at most 1, got {self.threshold}", code="BadParameter"
            )

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool."""
        return Needs(pool=frozenset({EMBEDDING}))

    def keep(self, ctx: Context, n: int) -> NDArray[np.int64]:
        """The rows that stay, in order."""
        return distinct_rows(ctx.pool[EMBEDDING], float(self.threshold))

    def describe(self, kept: int, of: int) -> str:
        """How many were unlike each other."""
        return f"among {kept:,} of {of:,} no two of which have cosine {self.threshold:g} or more"
