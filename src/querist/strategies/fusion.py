"""Ratings made comparable before they are fused: rank, z-score, min-max; and the score per cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.errors import DataError
from querist.core.signals import COST, Context, Needs
from querist.strategies.algebra import FloatArray, Score, as_score, rated

__all__ = ["CostRatio", "Minmax", "Of", "Rank", "Zscore"]


@dataclass(frozen=True, repr=False)
class Of(Score):
    """A score made from one other score."""

    score: Score
    cell: ClassVar[str] = "hybrid: parallel"

    def __post_init__(self) -> None:
        """Take text for the score as well."""
        object.__setattr__(self, "score", as_score(self.score))

    @property
    def needs(self) -> Needs:
        """What the score needs."""
        return self.score.needs


@dataclass(frozen=True, repr=False)
class Rank(Of):
    """Place from 0 (lowest) to 1 (highest), equal scores sharing their mean place; 1 for a pool of one item."""

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) in [0, 1]."""
        values = rated(self.score, ctx)
        n = len(values)
        if n <= 1:
            return np.ones(n)
        _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
        last = np.cumsum(counts)
        place = last - (counts - 1) / 2.0
        return np.asarray((place[inverse] - 1.0) / (n - 1.0))


@dataclass(frozen=True, repr=False)
class Zscore(Of):
    """(s - mean) / population standard deviation; all zero when the score is constant."""

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) with mean 0."""
        values = rated(self.score, ctx).astype(np.float64)
        if not len(values) or values.min() == values.max():
            return np.zeros(len(values))
        return np.asarray((values - values.mean()) / values.std())


@dataclass(frozen=True, repr=False)
class Minmax(Of):
    """(s - min) / (max - min); all zero when the score is constant."""

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) in [0, 1]."""
        values = rated(self.score, ctx).astype(np.float64)
        if not len(values) or values.min() == values.max():
            return np.zeros(len(values))
        low = values.min()
        return np.asarray((values - low) / (values.max() - low))


@dataclass(frozen=True, repr=False)
class CostRatio(Of):
    """Score divided by the price of the answer (Settles, Craven and Friedland 2008, "return on investment")."""

    cell: ClassVar[str] = "hybrid: parallel"
    paper: ClassVar[str] = "Settles, Craven and Friedland, Active Learning with Real Annotation Costs, 2008"

    @property
    def needs(self) -> Needs:
        """What the score needs, and `COST`."""
        return self.score.needs | Needs(pool=frozenset({COST}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) score per unit of cost."""
        cost = np.asarray(ctx.pool[COST], dtype=np.float64)
        if len(cost) and cost.min() <= 0:
            row = int(cost.argmin())
            raise DataError(f"cost must be above 0, row {row} has {cost[row]:g}", code="BadCost")
        return np.asarray(rated(self.score, ctx) / cost)
