"""BAIT: batches whose Fisher information makes up best for that of the pool."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, ResourceError, shorten
from querist.core.signals import EMBEDDING, PROBS, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.bait import forward_backward
from querist.strategies.kernels.fisher import Rows, floored, inverse, mean_information, total_information

__all__ = ["Bait", "BaitRegression", "check_ridge", "known_information", "pool_rows"]

_LARGEST = 16_384
"""Weights of the last layer (classes x features); three matrices of its square are held, 6.4 GB at most."""


def check_ridge(ridge: object) -> None:
    """Refuse a ridge that is not a finite number above 0."""
    if isinstance(ridge, bool) or not isinstance(ridge, numbers.Real):
        raise ArgumentTypeError(
            f"ridge must be a number > 0, got {type(ridge).__name__} {shorten(ridge)}", code="BadParameter"
        )
    if not 0 < float(ridge) < math.inf:
        raise ArgumentError(f"ridge must be a number > 0, got {ridge}", code="BadParameter")


def pool_rows(ctx: Context, *, regression: bool, name: str) -> Rows:
    """The pool in factors; short pools in float64, long ones in their own precision.

    Raises:
        ResourceError: the last layer has too many weights for matrices of their square (code ``TooLarge``).
    """
    h = ctx.pool[EMBEDDING]
    probs = None if regression else ctx.pool[PROBS]
    weights = h.shape[1] * (1 if probs is None else probs.shape[1])
    if weights > _LARGEST:
        raise ResourceError(
            f"{name} holds matrices of (classes x features)^2 and there are {weights:,} of these; up to {_LARGEST:,} "
            "are taken: make the embedding narrower (e.g. by PCA), or use badge",
            code="TooLarge",
        )
    short = h.dtype.itemsize <= 4 and len(h) * weights > 1 << 20
    return Rows(probs, h, np.float32 if short else np.float64)


def known_information(ctx: Context, rows: Rows) -> NDArray[np.float64]:
    """(C, D, C, D) sum of the information of labelled and pending items, where their signals are given."""
    total = np.zeros((rows.classes, rows.width, rows.classes, rows.width))
    for view in (ctx.labelled, ctx.pending):
        if len(view) and EMBEDDING in view and (rows.probs is None or PROBS in view):
            probs = None if rows.probs is None else view[PROBS]
            total += total_information(Rows(probs, view[EMBEDDING], rows.dtype))
    return total


def _select(ctx: Context, n: int, ridge: float, *, regression: bool, name: str) -> Selection:
    rows = pool_rows(ctx, regression=regression, name=name)
    known, fisher = known_information(ctx, rows), mean_information(rows)
    ridge = floored(ridge, known, fisher)
    before = float(np.vdot(inverse(known, ridge), fisher))
    chosen, gains = forward_backward(rows, known, ridge, fisher, n, ctx.keys(name))
    words = [f"lowers the expected variance of the pool's predictions by {g:.3g} (from {before:.3g})" for g in gains]
    return Selection(chosen, gains, tuple(words))


@dataclass(frozen=True, repr=False)
class Bait(Strategy):
    """Minimises trace(M^-1 F): F is the mean Fisher information of the pool, M = ridge I + that of the chosen items.

    The last layer's information of an item is (diag(p) - p p') (x) h h', the sum over classes c of the outer products of
    sqrt(p_c) (p - onehot(c)) (x) h. Labelled and pending items count in M. Chosen greedily up to 2 n items, of which the
    least useful are given back until n are left; rows are in order of choice. The scores are what each took off the
    trace when it was chosen.

    Time grows with N D C^2 a pick. Memory holds 2 N C^2 numbers and three matrices of (C D)^2, never N C D numbers.

    Source: Ash, Goel, Krishnamurthy and Kakade, Gone Fishing: Neural Active Learning with Fisher Embeddings, 2021.
    Rule checked against the authors' code.

    Args:
        ridge: what M begins with, above 0; at least 1e-10 of the largest entry of F is taken, for float64's sake.
    """

    ridge: float = 1.0
    cell: ClassVar[str] = "hybrid: batch-native"
    paper: ClassVar[str] = "Ash, Goel, Krishnamurthy and Kakade 2021"

    def __post_init__(self) -> None:
        """Refuse a bad ridge when it is written."""
        check_ridge(self.ridge)

    @property
    def needs(self) -> Needs:
        """`PROBS` and `EMBEDDING` of the pool; of labelled and pending items where both are there."""
        both = frozenset({PROBS, EMBEDDING})
        return Needs(pool=both, uses=both)

    def select(self, ctx: Context, n: int) -> Selection:
        """Forward to 2 n, backward to n."""
        return _select(ctx, n, float(self.ridge), regression=False, name="bait")


@dataclass(frozen=True, repr=False)
class BaitRegression(Strategy):
    """`bait` for a linear regression head: the information of an item is h h', whatever its answer.

    Source: Ash, Goel, Krishnamurthy and Kakade, Gone Fishing, 2021 (its regression form, squared loss; the variance of
    the noise is part of the ridge).

    Args:
        ridge: what M begins with, above 0.
    """

    ridge: float = 1.0
    cell: ClassVar[str] = "hybrid: batch-native"
    paper: ClassVar[str] = "Ash, Goel, Krishnamurthy and Kakade 2021"

    def __post_init__(self) -> None:
        """Refuse a bad ridge when it is written."""
        check_ridge(self.ridge)

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool; of labelled and pending items where it is there."""
        return Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING}))

    def select(self, ctx: Context, n: int) -> Selection:
        """Forward to 2 n, backward to n."""
        return _select(ctx, n, float(self.ridge), regression=True, name="bait_regression")
