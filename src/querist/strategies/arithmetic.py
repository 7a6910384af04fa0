"""Ratings added, multiplied and weighted: the survey's parallel form, several criteria at once."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import ClassVar

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import Context, Needs
from querist.strategies.algebra import FloatArray, Score, rated
from querist.strategies.text import PRODUCT, SUM, Form, number

__all__ = ["Product", "Scaled", "Sum"]


@dataclass(frozen=True, repr=False)
class Scaled(Score):
    """``weight * score``."""

    weight: float
    score: Score
    precedence: ClassVar[int] = PRODUCT

    def __post_init__(self) -> None:
        """The weight is a finite number."""
        if isinstance(self.weight, bool) or not isinstance(self.weight, numbers.Real):
            raise ArgumentTypeError(
                f"a score is multiplied with a number or a score; got {type(self.weight).__name__} "
                f"{shorten(self.weight)}",
                code="BadExpression",
            )
        if not math.isfinite(self.weight):
            raise ArgumentError(f"the weight of {self.score} must be finite, got {self.weight}", code="BadParameter")
        object.__setattr__(self, "weight", float(self.weight))

    @property
    def needs(self) -> Needs:
        """What the score needs."""
        return self.score.needs

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) weighted ratings."""
        return self.weight * rated(self.score, ctx)

    def form(self, f: Form) -> str:
        """``0.3 * margin``."""
        return f"{number(self.weight)} * {f.child(self.score, PRODUCT, right=True)}"


@dataclass(frozen=True, repr=False)
class _Binary(Score):
    left: Score
    right: Score
    sign: ClassVar[str] = "?"

    @property
    def needs(self) -> Needs:
        """What both need."""
        return self.left.needs | self.right.needs

    def form(self, f: Form) -> str:
        """``left sign right``."""
        own = self.precedence
        return f"{f.child(self.left, own)} {self.sign} {f.child(self.right, own, right=True)}"


@dataclass(frozen=True, repr=False)
class Sum(_Binary):
    """``a + b``: the survey's parallel form, several criteria at once."""

    cell: ClassVar[str] = "hybrid: parallel"
    precedence: ClassVar[int] = SUM
    sign: ClassVar[str] = "+"

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) sums."""
        return rated(self.left, ctx) + rated(self.right, ctx)


@dataclass(frozen=True, repr=False)
class Product(_Binary):
    """``a * b``: the survey's parallel form, several criteria at once."""

    cell: ClassVar[str] = "hybrid: parallel"
    precedence: ClassVar[int] = PRODUCT
    sign: ClassVar[str] = "*"

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) products."""
        return rated(self.left, ctx) * rated(self.right, ctx)
