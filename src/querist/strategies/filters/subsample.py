"""Subsample: a random part of a large pool, so that slow rules stay quick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.contract import check_count
from querist.core.signals import Context
from querist.strategies.algebra import Filter

__all__ = ["Subsample"]


@dataclass(frozen=True, repr=False)
class Subsample(Filter):
    """A uniform subset of ``n`` items without return; the whole pool where it has no more.

    Args:
        n: how many items are kept.
    """

    n: int
    cell: ClassVar[str] = "filter"

    def __post_init__(self) -> None:
        """Check the count."""
        object.__setattr__(self, "n", check_count(self.n, "n"))

    def keep(self, ctx: Context, n: int) -> NDArray[np.int64]:
        """The rows with the lowest keys, sorted: a draw that depends on the items and not on their order."""
        if self.n >= ctx.size:
            return np.arange(ctx.size, dtype=np.int64)
        keys = ctx.keys("subsample")
        return np.sort(np.argpartition(keys, self.n - 1)[: self.n]).astype(np.int64)

    def describe(self, kept: int, of: int) -> str:
        """How many were drawn."""
        return f"among {kept:,} of {of:,} drawn at random"
