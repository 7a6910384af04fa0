"""Typicality: nearness to the nearest neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import EMBEDDING, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.neighbours import mean_distance_to_nearest
from querist.strategies.parameters import check_whole

__all__ = ["Typicality"]

_FLOOR = 1e-6


@dataclass(frozen=True, repr=False)
class Typicality(Score):
    """1 / mean Euclidean distance to the k nearest other rows of the pool; floored, so that duplicates stay finite.

    Source: Hacohen, Dekel and Weinshall, Active Learning on a Budget, 2022, eq. 2.
    """

    k: int = 20
    cell: ClassVar[str] = "representative: density"
    paper: ClassVar[str] = "Hacohen, Dekel and Weinshall 2022"

    def __post_init__(self) -> None:
        """Refuse a k below 1."""
        check_whole(self.k, "k")

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool."""
        return Needs(pool=frozenset({EMBEDDING}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) above 0."""
        return np.asarray(1.0 / np.maximum(mean_distance_to_nearest(ctx.pool[EMBEDDING], self.k), _FLOOR))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The mean distance."""
        return [f"mean distance {1 / v:.3g} to its {self.k} nearest items" for v in values]
