"""k-means: the item nearest to each of n centres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import FloatArray, Selector
from querist.strategies.kernels.k_means import k_means, nearest_rows

__all__ = ["KMeans"]


@dataclass(frozen=True, repr=False)
class KMeans(Selector):
    """n clusters over the pool, weighted by the score when one is given; the row nearest to each centre, each row once.

    The scores are the distances to the centre, negative, so that higher is nearer.

    Source: Zhdanov, Diverse Mini-Batch Active Learning, 2019 (weighted); Xu, Yu, Tresp, Xu and Wang 2003.
    """

    cell: ClassVar[str] = "representative: diversity"
    paper: ClassVar[str] = "Zhdanov 2019"
    equivariant: ClassVar[bool] = False

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool."""
        return Needs(pool=frozenset({EMBEDDING}))

    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """Cluster, then take the nearest rows."""
        x = ctx.pool[EMBEDDING]
        weights = None if scores is None else np.maximum(np.asarray(scores, dtype=np.float64), 0.0)
        centres = k_means(x, n, ctx.generator("k_means"), weights)
        rows, squared = nearest_rows(x, centres, ctx.keys("k_means"))
        distances = np.sqrt(np.maximum(squared, 0.0))
        words = tuple(f"nearest to the centre of cluster {c + 1} of {n}" for c in range(n))
        return Selection(rows, -distances, words)
