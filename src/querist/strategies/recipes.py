"""Published methods by name, each one expression of the parts."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import Context, Needs
from querist.strategies.algebra import FloatArray, Recipe, Score, Strategy, as_strategy, rated
from querist.strategies.scores.bald import Bald
from querist.strategies.scores.density import Density
from querist.strategies.scores.entropy import Entropy
from querist.strategies.scores.margin import Margin
from querist.strategies.selectors.power import Power
from querist.strategies.text import Form

__all__ = ["DensityWeighted", "PowerBald", "PowerMargin"]


def _check_beta(beta: object) -> None:
    if isinstance(beta, bool) or not isinstance(beta, numbers.Real):
        raise ArgumentTypeError(
            f"beta must be a number ≥ 0, got {type(beta).__name__} {shorten(beta)}", code="BadParameter"
        )
    if not 0 <= float(beta) < math.inf:
        raise ArgumentError(f"beta must be a number ≥ 0, got {beta}", code="BadParameter")


@dataclass(frozen=True, repr=False)
class PowerBald(Recipe):
    """``bald >> power(beta)``: draws in proportion to the information to the power of beta.

    Source: Kirsch, Farquhar, Atighehchian, Jesson, Branchaud-Charron and Gal, Stochastic Batch Acquisition, 2023.
    """

    beta: float = 1.0
    cell: ClassVar[str] = "uncertainty, stochastic batch"
    paper: ClassVar[str] = "Kirsch et al. 2023"

    def __post_init__(self) -> None:
        """Refuse a bad beta when it is written, not when it is used."""
        _check_beta(self.beta)

    def expression(self) -> Strategy:
        """The method in the algebra."""
        return Bald() >> Power(beta=self.beta)


@dataclass(frozen=True, repr=False)
class PowerMargin(Recipe):
    """``margin >> power(beta)``, margin being 1 - (p1 - p2).

    Source: Kirsch, Farquhar, Atighehchian, Jesson, Branchaud-Charron and Gal, Stochastic Batch Acquisition, 2023.
    """

    beta: float = 1.0
    cell: ClassVar[str] = "uncertainty, stochastic batch"
    paper: ClassVar[str] = "Kirsch et al. 2023"

    def __post_init__(self) -> None:
        """Refuse a bad beta when it is written, not when it is used."""
        _check_beta(self.beta)

    def expression(self) -> Strategy:
        """The method in the algebra."""
        return Margin() >> Power(beta=self.beta)


@dataclass(frozen=True, repr=False)
class DensityWeighted(Recipe):
    """Entropy times (density floored at 0)^beta, then the highest: uncertain items that stand for many.

    Source: Settles and Craven, An Analysis of Active Learning Strategies for Sequence Labeling Tasks, 2008, equation 9
    (information density).
    """

    beta: float = 1.0
    cell: ClassVar[str] = "hybrid: parallel"
    paper: ClassVar[str] = "Settles and Craven 2008"

    def __post_init__(self) -> None:
        """Refuse a bad beta when it is written, not when it is used."""
        _check_beta(self.beta)

    def expression(self) -> Strategy:
        """The method in the algebra."""
        return as_strategy(Entropy() * _Raised(Density(), float(self.beta)))


@dataclass(frozen=True, repr=False)
class _Raised(Score):
    """(score floored at 0) to the power of ``power``; a piece of a recipe, without a name of its own."""

    score: Score
    power: float

    @property
    def needs(self) -> Needs:
        """What the score needs."""
        return self.score.needs

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at least 0."""
        return np.asarray(np.maximum(rated(self.score, ctx), 0.0) ** self.power)

    def form(self, f: Form) -> str:
        """For reasons only."""
        name = self.score.form(f)
        return name if self.power == 1.0 else f"{name}^{self.power:g}"
