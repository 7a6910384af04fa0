"""Novelty: distance to the nearest labelled or pending item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError
from querist.core.signals import EMBEDDING, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.selectors.known import known_points

__all__ = ["Novelty"]


@dataclass(frozen=True, repr=False)
class Novelty(Score):
    """Euclidean distance to the nearest labelled or pending item."""

    cell: ClassVar[str] = "representative: diversity"

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool and of labelled or pending items."""
        return Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) distances.

        Raises:
            ArgumentError: nothing is labelled or pending (code ``MissingSignal``).
        """
        geometry = Euclidean(ctx.pool[EMBEDDING])
        known = known_points(ctx, EMBEDDING, geometry.shifted)
        if not len(known):
            raise ArgumentError(
                "novelty needs the embedding of at least one labelled or pending item; pass labelled={'embedding': ...}",
                code="MissingSignal",
            )
        nearest = np.full(geometry.size, np.inf, dtype=geometry.dtype)
        geometry.lower(nearest, known)
        return np.sqrt(np.maximum(nearest, 0.0).astype(np.float64))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The distance."""
        return [f"distance {v:.3g} to the nearest labelled item" for v in values]
