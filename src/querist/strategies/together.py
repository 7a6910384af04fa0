"""Several ratings fused by rank, by dominance, by a bound, by the worst of them: more of the survey's parallel form."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import Context, Needs
from querist.strategies.algebra import FloatArray, Score, as_score, rated
from querist.strategies.fusion import Minmax, Rank
from querist.strategies.kernels.fronts import fronts

__all__ = ["Borda", "Chebyshev", "Constrained", "Pareto", "Rrf"]


@dataclass(frozen=True, repr=False)
class _Several(Score):
    """A score made from several others."""

    scores: tuple[Score, ...]
    cell: ClassVar[str] = "hybrid: parallel"

    def __post_init__(self) -> None:
        """Take text for the scores as well; at least two of them."""
        name, given = self.part_name(), self.scores
        if isinstance(given, str) or not isinstance(given, Sequence) or len(given) < 2:
            raise ArgumentTypeError(
                f"{name} takes a list of at least two scores, e.g. {name}([margin, density]); got {shorten(given)}",
                code="BadParameter",
            )
        object.__setattr__(self, "scores", tuple(as_score(score) for score in given))

    @property
    def needs(self) -> Needs:
        """What all scores need."""
        total = Needs()
        for score in self.scores:
            total |= score.needs
        return total

    def ranks(self, ctx: Context) -> NDArray[np.float64]:
        """(M, N) places from 0 (lowest) to 1 (highest), equal ratings sharing their mean place."""
        return np.stack([np.asarray(Rank(score).rate(ctx), dtype=np.float64) for score in self.scores])


@dataclass(frozen=True, repr=False)
class Borda(_Several):
    """Borda count: for each score, the number of items rated lower, those rated alike counting half; added up.

    Args:
        scores: two or more.

    Source: de Borda, Mémoire sur les élections au scrutin, 1781; ties as in the mean rank.
    """

    paper: ClassVar[str] = "de Borda 1781"

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) points, from 0 to M (N - 1)."""
        return np.asarray(np.round(self.ranks(ctx) * 2.0 * max(ctx.size - 1, 0)).sum(axis=0) / 2.0)

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The points."""
        most = len(self.scores) * max(ctx.size - 1, 0)
        return [f"{v:,g} of {most:,} points over {len(self.scores)} rankings" for v in values]


@dataclass(frozen=True, repr=False)
class Rrf(_Several):
    """Reciprocal-rank fusion: the sum over scores of 1 / (k + place), the best item having place 1.

    The first places count most: an item that one score puts first is not drowned by scores that are indifferent to it.
    Items rated alike share their mean place.

    Args:
        scores: two or more.
        k: how much the first places stand out, least with a large k.

    Source: Cormack, Clarke and Büttcher, Reciprocal Rank Fusion Outperforms Condorcet and Individual Rank Learning
    Methods, 2009.
    """

    k: float = 60
    paper: ClassVar[str] = "Cormack, Clarke and Büttcher 2009"

    def __post_init__(self) -> None:
        """Take text for the scores; k is at least 0."""
        super().__post_init__()
        _number("k", self.k, 0.0, math.inf)

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) above 0."""
        places = 1.0 + (1.0 - self.ranks(ctx)) * max(ctx.size - 1, 0)
        return np.asarray((1.0 / (self.k + places)).sum(axis=0))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The rating, and what being first in all rankings would give."""
        most = len(self.scores) / (self.k + 1.0)
        return [f"{v:.4g} of at most {most:.4g} over {len(self.scores)} rankings" for v in values]


@dataclass(frozen=True, repr=False)
class Pareto(_Several):
    """Front by front of two scores: first the items that no other beats in both, then those beaten by these alone.

    Within a front by the sum of the two ranks. The rating is minus the front, plus half the mean rank. Only the order
    of each score counts.

    Args:
        scores: two.

    Source: Zhan, Wang and Chan, Pareto Optimization for Active Learning under Out-of-Distribution Data Scenarios, 2022
    (its subset search is left out: fronts are taken whole, the last one by rank sum).
    """

    paper: ClassVar[str] = "Zhan, Wang and Chan 2022"

    def __post_init__(self) -> None:
        """Take text for the scores; exactly two."""
        super().__post_init__()
        if len(self.scores) != 2:
            raise ArgumentError(
                f"pareto takes two scores; got {len(self.scores)}; fuse more with borda or rrf", code="BadParameter"
            )

    def rate(self, ctx: Context) -> FloatArray:
        """(N,), above -f and at most -f + 1/2 for front f, counted from 0."""
        a, b = self.ranks(ctx)
        return np.asarray(0.25 * (a + b) - fronts(a, b))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The front."""
        names = " and ".join(str(score) for score in self.scores)
        return [
            f"no item is better in both {names}" if front <= 0 else f"on front {front + 1} of {names}"
            for front in (-np.floor(np.asarray(values))).astype(int).tolist()
        ]


@dataclass(frozen=True, repr=False)
class Chebyshev(_Several):
    """Minus the distance from the best there is: the largest weighted shortfall, plus ``rho`` times their sum.

    A shortfall is 1 - minmax(score). Unlike a weighted sum it reaches every point of a hollow front, and an item that
    is bad in one score is not saved by another.

    Args:
        scores: two or more.
        weights: one positive number for each score; alike when left out.
        rho: weight of the sum, which settles what the largest leaves open.

    Source: Steuer and Choo, An Interactive Weighted Tchebycheff Procedure for Multiple Objective Programming, 1983;
    rho = 0.05 as in Knowles, ParEGO, 2006, equation 2.
    """

    weights: tuple[float, ...] | None = None
    rho: float = 0.05
    paper: ClassVar[str] = "Steuer and Choo 1983; Knowles 2006"

    def __post_init__(self) -> None:
        """Take text for the scores; weights above 0, as many as scores."""
        super().__post_init__()
        _number("rho", self.rho, 0.0, math.inf)
        if self.weights is None:
            return
        if isinstance(self.weights, str) or not isinstance(self.weights, Sequence):
            raise ArgumentTypeError(
                f"weights must be a list of numbers, got {type(self.weights).__name__} {shorten(self.weights)}",
                code="BadParameter",
            )
        for weight in self.weights:
            if _number("each of weights", weight, 0.0, math.inf) == 0.0:
                raise ArgumentError("each of weights must be above 0, got 0", code="BadParameter")
        if len(self.weights) != len(self.scores):
            raise ArgumentError(
                f"chebyshev has {len(self.scores)} scores and {len(self.weights)} weights", code="BadParameter"
            )
        object.__setattr__(self, "weights", tuple(float(weight) for weight in self.weights))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at most 0."""
        weights = np.ones(len(self.scores)) if self.weights is None else np.array(self.weights)
        short = weights[:, None] * np.stack([1.0 - np.asarray(Minmax(score).rate(ctx)) for score in self.scores])
        return np.asarray(-(short.max(axis=0) + self.rho * short.sum(axis=0)))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The distance."""
        return [f"{-v:.3g} short of the best in {len(self.scores)} scores" for v in values]


@dataclass(frozen=True, repr=False)
class Constrained(Score):
    """``score`` among the items whose ``by`` reaches its quantile; the others come after them, nearest to it first.

    It is a score, unlike a shortlist: a selector after it still sees the whole pool. An item that does not reach the
    bound is rated below all that do: by the lowest rating, less 1, less its distance from the bound over the spread of
    ``by``.

    Args:
        score: what is to be high.
        by: what must not be low.
        at_least: quantile of ``by`` over the pool, from 0 (no bound) to 1 (its highest only).
    """

    score: Score
    by: Score
    at_least: float = 0.5
    cell: ClassVar[str] = "hybrid: parallel"

    def __post_init__(self) -> None:
        """Take text for the scores; the quantile is from 0 to 1."""
        object.__setattr__(self, "score", as_score(self.score))
        object.__setattr__(self, "by", as_score(self.by))
        object.__setattr__(self, "at_least", _number("at_least", self.at_least, 0.0, 1.0))

    @property
    def needs(self) -> Needs:
        """What both need."""
        return self.score.needs | self.by.needs

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) the score where the bound is reached."""
        values = np.asarray(rated(self.score, ctx), dtype=np.float64)
        bound, given = self._bound(ctx)
        short = (bound - given) / max(float(given.max() - given.min()), np.finfo(np.float64).tiny)
        return np.asarray(np.where(given >= bound, values, values.min() - 1.0 - short))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The score's own words, and whether the bound is reached."""
        bound, given = self._bound(ctx)
        why = self.score.explain(ctx, rows, np.asarray(rated(self.score, ctx))[rows])
        return [
            f"{words}; {self.by} {v:.3g} {'reaches' if v >= bound else 'is below'} {bound:.3g}"
            for words, v in zip(why, given[rows].tolist(), strict=True)
        ]

    def _bound(self, ctx: Context) -> tuple[float, NDArray[np.float64]]:
        given = np.asarray(rated(self.by, ctx), dtype=np.float64)
        return float(np.quantile(given, self.at_least, method="lower")), given


def _number(name: str, value: Any, low: float, high: float) -> float:
    words = f"{name} must be a number ≥ {low:g}" if math.isinf(high) else f"{name} must be from {low:g} to {high:g}"
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ArgumentTypeError(f"{words}, got {type(value).__name__} {shorten(value)}", code="BadParameter")
    if not low <= float(value) <= high or math.isinf(value):
        raise ArgumentError(f"{words}, got {value}", code="BadParameter")
    return float(value)
