"""EMCM: how far a regression is expected to change once the answer is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError
from querist.core.signals import EMBEDDING, MEMBERS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.blocks import blocks
from querist.strategies.kernels.lengths import row_norms
from querist.strategies.scores.committee import NOT_NUMBERS, members_of

__all__ = ["Emcm"]


@dataclass(frozen=True, repr=False)
class Emcm(Score):
    """Mean over members s of |(f(x) - f_s(x)) h|, the length of the squared loss's gradient at each member's answer.

    f is the mean of the members, which have shape (N, S); the members stand for the answers that may come.

    Source: Cai, Zhang and Zhou, Maximizing Expected Model Change for Active Learning in Regression, 2013.
    """

    cell: ClassVar[str] = "influence"
    paper: ClassVar[str] = "Cai, Zhang and Zhou 2013"

    @property
    def needs(self) -> Needs:
        """`MEMBERS` of shape (N, S) and `EMBEDDING` of the pool."""
        return Needs(pool=frozenset({MEMBERS, EMBEDDING}), unfit=NOT_NUMBERS)

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at least 0; 0 where all members agree.

        Raises:
            ArgumentError: the members are those of a classifier (code ``ShapeMismatch``).
        """
        members = members_of(ctx)
        if members.ndim != 2:
            raise ArgumentError(
                f"{self} needs members of a regression, shape (N, S); got {tuple(members.shape)}; for classes use egl",
                code="ShapeMismatch",
            )
        spread = np.empty(len(members))
        for rows, block in blocks(members):
            wide = block.astype(np.float64, copy=False)
            spread[rows] = np.abs(wide - wide.mean(axis=1, keepdims=True)).mean(axis=1)
        return np.asarray(spread * row_norms(ctx.pool[EMBEDDING]))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The change, and over how many members."""
        samples = ctx.pool[MEMBERS].shape[1]
        return [f"expected change of the weights {v:.3g} (mean over {samples} members)" for v in values]
