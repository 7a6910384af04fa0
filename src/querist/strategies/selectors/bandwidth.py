"""The width of a kernel where none is given, and the check of one that is."""

from __future__ import annotations

import numpy as np

from querist.core.signals import EMBEDDING, Context
from querist.strategies.kernels.purity import low_distance

__all__ = ["default_sigma"]

_ROWS = 1_000
_LABELLED = 2_000


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
