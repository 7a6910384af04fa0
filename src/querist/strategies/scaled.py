"""Ratings scaled before they are fused: percentile, softmax, and a weight that decays with the rounds."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import Context
from querist.strategies.algebra import FloatArray, rated
from querist.strategies.fusion import Of

__all__ = ["Decayed", "Percentile", "SoftmaxNorm"]


@dataclass(frozen=True, repr=False)
class Percentile(Of):
    """Share of the pool that is rated strictly lower; equal ratings give equal shares, the lowest 0.

    Source: Cai, Zheng and Chang, Active Learning for Graph Embedding, 2017, and its code.
    """

    paper: ClassVar[str] = "Cai, Zheng and Chang 2017"

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) in [0, 1)."""
        values = rated(self.score, ctx)
        return np.asarray(np.searchsorted(np.sort(values), values, side="left") / max(len(values), 1))


@dataclass(frozen=True, repr=False)
class SoftmaxNorm(Of):
    """exp(score / temperature), divided by its sum over the pool: ratings as a distribution over items.

    Args:
        score: what is rated.
        temperature: above 0; small, and one item has nearly all, large, and all are alike.
    """

    temperature: float = 1.0

    def __post_init__(self) -> None:
        """The temperature is above 0."""
        super().__post_init__()
        _above_zero("temperature", self.temperature, math.inf)

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) that sum to 1."""
        values = rated(self.score, ctx).astype(np.float64)
        raised = np.exp((values - values.max(initial=-math.inf)) / self.temperature)
        return np.asarray(raised / raised.sum())


@dataclass(frozen=True, repr=False)
class Decayed(Of):
    """Score times factor^round: a criterion for the first rounds, such as density, that later leaves the field to others.

    ``rank(margin) + decayed(rank(density))`` begins with both and ends with the margin alone; ``score - decayed(score)``
    grows instead. On bare arrays the round is 0 and the weight 1.

    Args:
        score: what is rated.
        factor: what a round leaves of the weight, above 0 and at most 1.

    Source: the weights of Cai, Zheng and Chang, Active Learning for Graph Embedding, 2017, fall with the
    round as well, by draws; here they fall by a fixed factor.
    """

    factor: float = 0.9
    paper: ClassVar[str] = "after Cai, Zheng and Chang 2017"

    def __post_init__(self) -> None:
        """The factor is above 0 and at most 1."""
        super().__post_init__()
        _above_zero("factor", self.factor, 1.0)

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) weighted ratings."""
        return np.asarray(float(self.factor) ** ctx.round * rated(self.score, ctx))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The score's own words, and the weight."""
        weight = float(self.factor) ** ctx.round
        why = self.score.explain(ctx, rows, np.asarray(values) / max(weight, np.finfo(np.float64).tiny))
        return [f"{words}, at weight {weight:.3g} in round {ctx.round}" for words in why]


def _above_zero(name: str, value: Any, most: float) -> None:
    words = f"{name} must be a number above 0" + ("" if math.isinf(most) else f" and at most {most:g}")
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ArgumentTypeError(f"{words}, got {type(value).__name__} {shorten(value)}", code="BadParameter")
    if not 0 < float(value) <= most or math.isinf(value):
        raise ArgumentError(f"{words}, got {value}", code="BadParameter")
