"""The width of a kernel where none is given, and the check of one that is."""

from __future__ import annotations

import math
import numbers

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import EMBEDDING, Context
from querist.strategies.kernels.purity import low_distance

__all__ = ["check_positive", "default_sigma"]

_ROWS = 1_000
_LABELLED = 2_000


def check_positive(name: str, value: object) -> None:
    """Refuse a parameter that is neither None nor a number above 0."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ArgumentTypeError(
            f"{name} must be a number > 0, got {type(value).__name__} {shorten(value)}", code="BadParameter"
        )
    if not 0 < float(value) < math.inf:
        raise ArgumentError(f"{name} must be a number > 0, got {value}", code="BadParameter")


def default_sigma(ctx: Context) -> float:
    """The 5 % quantile of distances among labelled items; with fewer than two, among at most 1,000 rows of the pool.

    Of more than 2,000 labelled items so many are drawn. Rows of the pool are drawn by the tie key.
    """
    if EMBEDDING in ctx.labelled and len(ctx.labelled) >= 2:
        points = np.asarray(ctx.labelled[EMBEDDING])
        if len(points) > _LABELLED:
            points = points[np.sort(ctx.generator("bandwidth").choice(len(points), _LABELLED, replace=False))]
    else:
        rows = np.argsort(ctx.keys("bandwidth"), kind="stable")[:_ROWS]
        points = np.asarray(ctx.pool[EMBEDDING][rows])
    return low_distance(points)
