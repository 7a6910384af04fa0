"""The algebra of strategies: scores, selectors, filters and strategies, and the operators that combine them.

Parts are frozen dataclasses: values, compared by their parameters, with a text form (`str`) that `querist.parse` reads
back and a Python form (`repr`). Operators return new values:

==============================  ========================================================================
``score >> selector``           rate every item, then pick a batch: a `Strategy`
``filter | strategy``           narrow the pool first: a `Strategy`; filters chain
``w * a + v * b``, ``a * b``    fuse ratings: a `Score`
==============================  ========================================================================

Where a strategy is expected, a score means ``score >> top_k`` and a selector one that follows a constant score.
Higher scores always mean "label me".
"""

from __future__ import annotations

import dataclasses
import numbers
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentTypeError, DataError, StateError, shorten
from querist.core.registry import snake
from querist.core.signals import Context, Needs, Selection
from querist.strategies.text import ATOM, PIPE, SHIFT, Form, call

__all__ = ["AnyPart", "Filter", "Part", "Recipe", "Score", "Selector", "Strategy", "as_score", "as_strategy"]

FloatArray: TypeAlias = NDArray[Any]


@dataclass(frozen=True, repr=False)
class Part(ABC):  # noqa: B024  (its children have the abstract methods)
    """What all parts share: a name, a text form, what they need, where they come from."""

    text_name: ClassVar[str] = ""
    """snake_case name; made from the class name when empty."""
    cell: ClassVar[str] = ""
    """cell of the survey's grid, e.g. "uncertainty"."""
    paper: ClassVar[str] = ""
    """the source of the rule."""
    equivariant: ClassVar[bool] = True
    """whether reordering the pool only reorders the answer; parts that draw by place say False."""
    precedence: ClassVar[int] = ATOM
    __array_ufunc__: ClassVar[None] = None
    """NumPy numbers leave ``number * score`` to the score."""

    @classmethod
    def part_name(cls) -> str:
        """The snake_case name under which the part is registered."""
        return cls.text_name or snake(cls.__name__)

    @property
    def needs(self) -> Needs:
        """Signals per role, capabilities, plug-in."""
        return Needs()

    def needs_at(self, round: int) -> Needs:
        """What is needed after ``round`` fits; less than `needs` for parts that change with the round (``switch``)."""
        return self.needs

    @property
    def may_stop_short(self) -> bool:
        """Whether it may choose fewer items than are asked: a budget in money does, nothing else."""
        return False

    def form(self, f: Form) -> str:
        """Text of this part in form ``f`` (text or Python); operators override it."""
        pairs: list[tuple[str | None, Any]] = []
        for place, field in enumerate(dataclasses.fields(self)):
            value = getattr(self, field.name)
            if field.repr and value != field.default:
                first = place == 0 and field.default is dataclasses.MISSING
                pairs.append((None if first else field.name, value))
        return call(f, type(self).__name__ if f.python else self.part_name(), pairs)

    def __str__(self) -> str:
        """The text form that `querist.parse` reads back."""
        return self.form(Form(python=False))

    def __repr__(self) -> str:
        """The Python form."""
        return self.form(Form(python=True))


class Score(Part):
    """Rates each item of the pool; higher means "label me"."""

    @abstractmethod
    def rate(self, ctx: Context) -> FloatArray:
        """Ratings of the pool: (N,) floats, all finite."""

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """A short sentence for each chosen row; ``values`` are its ratings."""
        return [f"{self} {v:.3g}" for v in values]

    def __rshift__(self, selector: Selector) -> Strategy:
        """Rate, then pick with ``selector``."""
        if not isinstance(selector, Selector):
            raise ArgumentTypeError(
                f"{self} >> ... takes a selector (top_k, k_center, ...); got {shorten(selector)}", code="BadExpression"
            )
        return Ranked(self, selector)

    def __add__(self, other: Score) -> Score:
        """The sum of two ratings."""
        from querist.strategies import arithmetic

        return arithmetic.Sum(self, as_score(other))

    def __sub__(self, other: Score) -> Score:
        """The difference of two ratings."""
        from querist.strategies import arithmetic

        return arithmetic.Sum(self, arithmetic.Scaled(-1.0, as_score(other)))

    def __mul__(self, other: Score | float) -> Score:
        """The product with a number or with another rating."""
        from querist.strategies import arithmetic

        if isinstance(other, numbers.Real):
            return arithmetic.Scaled(other, self)
        return arithmetic.Product(self, as_score(other))

    def __rmul__(self, weight: float) -> Score:
        """The product with a number."""
        from querist.strategies import arithmetic

        return arithmetic.Scaled(weight, self)

    def __or__(self, other: object) -> Strategy:
        """Refused: a score does not narrow the pool."""
        raise ArgumentTypeError(
            f"{self} is a score and cannot stand before '|'; write shortlist({self}, times=10) | ... to narrow the "
            f"pool, or {self} >> selector to pick by it",
            code="BadExpression",
        )


class Selector(Part):
    """Picks a batch from ratings and signals."""

    @abstractmethod
    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """Pick n distinct rows (n is at most the pool's size), in order.

        Args:
            ctx: the views, the seed, the tie keys.
            n: size of the batch, 1 <= n <= N.
            scores: (N,) ratings, or None for a constant score.
        """

    def __or__(self, other: object) -> Strategy:
        """Refused: a selector ends a strategy."""
        raise ArgumentTypeError(
            f"{self} is a selector and cannot stand before '|': a filter (shortlist, subsample, ...) does",
            code="BadExpression",
        )


class Filter(Part):
    """Narrows the pool for all that stands to its right."""

    @abstractmethod
    def keep(self, ctx: Context, n: int) -> NDArray[np.int64]:
        """Rows of the pool that stay, sorted; at least min(n, N) of them where the rule allows."""

    def describe(self, kept: int, of: int) -> str:
        """Half a sentence for the reasons: what the survivors are."""
        return f"among {kept:,} of {of:,} kept by {self}"

    def __or__(self, other: AnyPart | str) -> Any:
        """Filter | Filter is a filter; Filter | Strategy is a strategy."""
        if isinstance(other, Filter):
            return Chain(self, other)
        return Filtered(self, as_strategy(other))


class Strategy(Part):
    """Chooses a batch: implements the port ``core.ports.Strategy``."""

    @abstractmethod
    def select(self, ctx: Context, n: int) -> Selection:
        """Choose min(n, N) distinct rows of the pool, in order."""


AnyPart: TypeAlias = Score | Selector | Filter | Strategy


def as_score(value: object) -> Score:
    """``value`` as a score, or a named error; text is parsed."""
    if isinstance(value, str):
        from querist.strategies.parser import parse

        value = parse(value)
    if isinstance(value, Score):
        return value
    raise ArgumentTypeError(
        f"a score (margin, entropy, ...) is needed here; got {shorten(value)}", code="BadExpression"
    )


def as_strategy(value: object) -> Strategy:
    """``value`` as a strategy; a score means ``score >> top_k``, a selector a constant score; text is parsed."""
    if isinstance(value, str):
        from querist.strategies.parser import parse

        value = parse(value)
    if isinstance(value, Strategy):
        return value
    if isinstance(value, Score):
        from querist.strategies.selectors.top_k import TopK

        return Implied(value, TopK())
    if isinstance(value, Selector):
        return Plain(value)
    if isinstance(value, Filter):
        raise ArgumentTypeError(
            f"{value} only narrows the pool; say what picks from it, e.g. {value} | random", code="BadExpression"
        )
    raise ArgumentTypeError(
        f"a strategy is needed: a name such as 'margin', an expression, or a part; got {type(value).__name__} "
        f"{shorten(value)}",
        code="BadExpression",
    )


def rated(score: Score, ctx: Context) -> FloatArray:
    """The ratings of a score, checked: (N,) and finite.

    Raises:
        DataError: a rating is NaN or infinite, or their number is wrong (code ``BadScores``).
    """
    values = np.asarray(score.rate(ctx))
    if values.shape != (ctx.size,):
        raise DataError(f"{score} gave ratings of shape {values.shape} for {ctx.size} items", code="BadScores")
    with np.errstate(over="ignore", invalid="ignore"):
        total = values.sum(dtype=np.float64)  # one cheap pass; a sum is finite only when all of it is
    if not np.isfinite(total):
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            raise DataError(
                f"{score} rated {len(bad)} of {ctx.size} items NaN or infinite, first rows {bad[:3].tolist()}; "
                "check the signals that were passed",
                code="BadScores",
            )
    return values


@dataclass(frozen=True, repr=False)
class Ranked(Strategy):
    """``score >> selector``."""

    score: Score
    selector: Selector
    precedence: ClassVar[int] = SHIFT

    @property
    def needs(self) -> Needs:
        """What both need."""
        return self.score.needs | self.selector.needs

    def select(self, ctx: Context, n: int) -> Selection:
        """Rate, then pick."""
        scores = rated(self.score, ctx)
        chosen = self.selector.pick(ctx, n, scores)
        why = self.score.explain(ctx, chosen.indices, scores[chosen.indices])
        return dataclasses.replace(chosen, reasons=_join(why, chosen.reasons))

    def form(self, f: Form) -> str:
        """``score >> selector``."""
        return f"{f.child(self.score, SHIFT)} >> {f.child(self.selector, SHIFT, right=True)}"


@dataclass(frozen=True, repr=False)
class Implied(Ranked):
    """A score where a strategy is expected: ``score >> top_k``, which reads and writes as the score itself."""

    @property
    def precedence(self) -> int:  # type: ignore[override]
        """The score's."""
        return self.score.precedence

    def form(self, f: Form) -> str:
        """The score's."""
        return self.score.form(f)


@dataclass(frozen=True, repr=False)
class Plain(Strategy):
    """A selector that follows a constant score; reads and writes as the selector itself."""

    selector: Selector

    @property
    def needs(self) -> Needs:
        """What the selector needs."""
        return self.selector.needs

    def select(self, ctx: Context, n: int) -> Selection:
        """Pick without ratings."""
        return self.selector.pick(ctx, n, None)

    def form(self, f: Form) -> str:
        """The selector's."""
        return self.selector.form(f)


@dataclass(frozen=True, repr=False)
class Filtered(Strategy):
    """``filter | strategy``."""

    filter: Filter
    then: Strategy
    precedence: ClassVar[int] = PIPE

    @property
    def needs(self) -> Needs:
        """What both need."""
        return self.filter.needs | self.then.needs

    def needs_at(self, round: int) -> Needs:
        """What both need after ``round`` fits."""
        return self.filter.needs_at(round) | self.then.needs_at(round)

    @property
    def may_stop_short(self) -> bool:
        """As the strategy does."""
        return self.then.may_stop_short

    def select(self, ctx: Context, n: int) -> Selection:
        """Narrow the pool, select, and give the rows back in the numbers of the whole pool."""
        kept = np.asarray(self.filter.keep(ctx, n), dtype=np.int64)
        if len(kept) < min(n, ctx.size):
            raise StateError(
                f"{self.filter} left {len(kept)} of {ctx.size} items where {n} were asked; loosen it or ask for fewer",
                code="NothingAvailable",
            )
        chosen = self.then.select(ctx.take(kept), n)
        words = self.filter.describe(len(kept), ctx.size)
        return dataclasses.replace(
            chosen,
            indices=kept[chosen.indices],
            reasons=tuple(f"{r}; {words}" if r else words for r in chosen.reasons or [""] * len(chosen)),
            inclusion=None,
        )

    def form(self, f: Form) -> str:
        """``filter | strategy``; a strategy to the right needs no brackets, filters chain."""
        then = self.then.form(f) if isinstance(self.then, Filtered) else f.child(self.then, PIPE, right=True)
        return f"{f.child(self.filter, PIPE)} | {then}"


@dataclass(frozen=True, repr=False)
class Chain(Filter):
    """``filter | filter``: one after the other; followed by a strategy it unfolds."""

    first: Filter
    second: Filter
    precedence: ClassVar[int] = PIPE

    @property
    def needs(self) -> Needs:
        """What both need."""
        return self.first.needs | self.second.needs

    def keep(self, ctx: Context, n: int) -> NDArray[np.int64]:
        """Rows that pass both."""
        kept = self.first.keep(ctx, n)
        return kept[self.second.keep(ctx.take(kept), n)]

    def __or__(self, other: AnyPart | str) -> Any:
        """(f | g) | s is f | (g | s)."""
        return self.first | (self.second | other)

    def form(self, f: Form) -> str:
        """``first | second``."""
        return f"{f.child(self.first, PIPE)} | {f.child(self.second, PIPE, right=True)}"


class Recipe(Strategy):
    """A published method that is one expression of the parts; subclasses give `expression`."""

    @abstractmethod
    def expression(self) -> Strategy:
        """The method written in the algebra."""

    @property
    def needs(self) -> Needs:
        """What the expression needs."""
        return self.expression().needs

    @property
    def may_stop_short(self) -> bool:
        """As the expression does."""
        return self.expression().may_stop_short

    def select(self, ctx: Context, n: int) -> Selection:
        """As the expression does."""
        return self.expression().select(ctx, n)


def _join(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    if not second:
        return tuple(first)
    return tuple(f"{a}; {b}" if b else a for a, b in zip(first, second, strict=True))
