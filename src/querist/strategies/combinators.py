"""Share a batch between strategies, or change from one to another: the survey's criteria selection.

`Mix` and `Interleave` share a batch, `Switch` changes once, `querist.strategies.bandit.Bandit` learns which to play.
Their members are kept as they were written (a score stays a score), so that the text form stays short.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import Context, Needs, Selection
from querist.strategies.algebra import AnyPart, Implied, Plain, Strategy, as_strategy
from querist.strategies.text import Form, call

__all__ = ["Interleave", "Mix", "Switch", "as_member", "needs_of"]


def as_member(value: object) -> AnyPart:
    """``value`` as it is to be kept inside a combinator: a part that can choose; text is parsed.

    Raises:
        ArgumentTypeError: it is a filter, or no part at all (code ``BadExpression``).
    """
    if isinstance(value, str):
        from querist.strategies.parser import parse

        value = parse(value)
    if isinstance(value, Plain):  # these two read as what they hold, so they are kept as that
        value = value.selector
    elif isinstance(value, Implied):
        value = value.score
    as_strategy(value)
    return value  # type: ignore[return-value]


def needs_of(members: Sequence[AnyPart], round: int | None = None) -> Needs:
    """What all members need together, ever or after ``round`` fits."""
    total = Needs()
    for member in members:
        total |= member.needs if round is None else member.needs_at(round)
    return total


@dataclass(frozen=True, repr=False, init=False)
class Mix(Strategy):
    """Shares of the batch by largest remainder, filled in the order written, rows already taken being passed over.

    Each member is asked for its share; where some of its rows were taken before, it is asked for as many more. The
    scores of one member mean nothing beside those of another.

    Args:
        shares: positive number for each member, in proportion; they need not sum to 1.

    >>> str(Mix({"margin": 0.8, "random": 0.2}))
    'mix({margin: 0.8, random: 0.2})'
    """

    shares: tuple[tuple[AnyPart, float], ...]
    cell: ClassVar[str] = "hybrid: criteria selection"

    def __init__(self, shares: Mapping[Any, float]) -> None:
        if not isinstance(shares, Mapping) or not shares:
            raise ArgumentTypeError(
                f"mix takes a mapping of strategies to shares, e.g. mix({{margin: 0.8, random: 0.2}}); "
                f"got {shorten(shares)}",
                code="BadParameter",
            )
        pairs = tuple((as_member(member), _share(member, share)) for member, share in shares.items())
        for member, _ in pairs:
            if member.may_stop_short:
                raise ArgumentError(
                    f"{member} may choose fewer items than its share; put the budget around the whole: "
                    f"limit(mix(...), budget=...)",
                    code="BadParameter",
                )
        _distinct("mix", [member for member, _ in pairs])
        object.__setattr__(self, "shares", pairs)

    @property
    def members(self) -> tuple[AnyPart, ...]:
        """The strategies, in the order written."""
        return tuple(member for member, _ in self.shares)

    @property
    def needs(self) -> Needs:
        """What all members need."""
        return needs_of(self.members)

    def needs_at(self, round: int) -> Needs:
        """What all members need after ``round`` fits."""
        return needs_of(self.members, round)

    def select(self, ctx: Context, n: int) -> Selection:
        """Each member's share, one after the other."""
        taken: dict[int, tuple[float, str]] = {}
        total = math.fsum(share for _, share in self.shares)
        for member, wanted in zip(self.members, _largest_remainder([s / total for _, s in self.shares], n)):
            for row, score, reason in _fresh(member, ctx, wanted, taken):
                taken[row] = (score, _said(member, reason))
        return _selection(taken)

    def form(self, f: Form) -> str:
        """``mix({a: 0.8, b: 0.2})``."""
        return call(f, "Mix" if f.python else "mix", [(None, dict(self.shares))])


@dataclass(frozen=True, repr=False, init=False)
class Interleave(Mix):
    """`Mix` by turns: a's first, b's first, a's second and so on, rows already taken being passed over.

    >>> str(Interleave("margin", "random"))
    'interleave(margin, random)'
    """

    variadic: ClassVar[bool] = True

    def __init__(self, *members: AnyPart | str) -> None:
        if len(members) < 2:
            raise ArgumentError(
                f"interleave takes at least two strategies, e.g. interleave(margin, random); got {len(members)}",
                code="BadParameter",
            )
        parts = [as_member(member) for member in members]
        _distinct("interleave", parts)
        super().__init__(dict.fromkeys(parts, 1.0))

    def select(self, ctx: Context, n: int) -> Selection:
        """One row of each member in turn."""
        queues = [iter(_rows(as_strategy(member).select(ctx, n))) for member in self.members]
        taken: dict[int, tuple[float, str]] = {}
        while len(taken) < n:  # ends: each member alone has n distinct rows
            for member, queue in zip(self.members, queues):
                found = next((entry for entry in queue if entry[0] not in taken), None)
                if found is not None and len(taken) < n:
                    taken[found[0]] = (found[1], _said(member, found[2]))
        return _selection(taken)

    def form(self, f: Form) -> str:
        """``interleave(a, b)``."""
        return call(f, "Interleave" if f.python else "interleave", [(None, member) for member in self.members])


@dataclass(frozen=True, repr=False, init=False)
class Switch(Strategy):
    """``first`` in rounds 0 to ``after`` - 1, ``then`` from round ``after``.

    Args:
        after: fitted rounds after which it changes; on bare arrays the round is 0.
        first: strategy of the early rounds, e.g. one that needs no model.
        then: strategy of the later rounds.

    >>> str(Switch(after=3, first="random", then="margin"))
    'switch(after=3, first=random, then=margin)'
    """

    after: int
    first: AnyPart
    then: AnyPart
    cell: ClassVar[str] = "hybrid: criteria selection"

    def __init__(self, after: int, first: AnyPart | str, then: AnyPart | str) -> None:
        if isinstance(after, bool) or not isinstance(after, numbers.Integral):
            raise ArgumentTypeError(
                f"after must be a whole number of rounds ≥ 0, got {type(after).__name__} {shorten(after)}",
                code="BadParameter",
            )
        if after < 0:
            raise ArgumentError(f"after must be a whole number of rounds ≥ 0, got {after}", code="BadParameter")
        object.__setattr__(self, "after", int(after))
        object.__setattr__(self, "first", as_member(first))
        object.__setattr__(self, "then", as_member(then))

    @property
    def needs(self) -> Needs:
        """What both need."""
        return needs_of((self.first, self.then))

    def needs_at(self, round: int) -> Needs:
        """What the strategy of that round needs."""
        return self._of(round).needs_at(round)

    @property
    def may_stop_short(self) -> bool:
        """Where one of the two does."""
        return self.first.may_stop_short or self.then.may_stop_short

    def _of(self, round: int) -> AnyPart:
        return self.first if round < self.after else self.then

    def select(self, ctx: Context, n: int) -> Selection:
        """As the strategy of this round does."""
        played = self._of(ctx.round)
        chosen = as_strategy(played).select(ctx, n)
        said = f"{played} in round {ctx.round} (switch after {self.after})"
        reasons = chosen.reasons or ("",) * len(chosen)
        return dataclasses.replace(chosen, reasons=tuple(f"{r}; {said}" if r else said for r in reasons))

    def form(self, f: Form) -> str:
        """``switch(after=3, first=a, then=b)``."""
        pairs: list[tuple[str | None, Any]] = [("after", self.after), ("first", self.first), ("then", self.then)]
        return call(f, "Switch" if f.python else "switch", pairs)


def _share(member: object, share: object) -> float:
    if isinstance(share, bool) or not isinstance(share, numbers.Real):
        raise ArgumentTypeError(
            f"the share of {member} must be a number above 0, got {type(share).__name__} {shorten(share)}",
            code="BadParameter",
        )
    value = float(share)
    if not 0 < value < math.inf:
        raise ArgumentError(f"the share of {member} must be a number above 0, got {share}", code="BadParameter")
    return value


def _distinct(name: str, members: Sequence[AnyPart]) -> None:
    for place, member in enumerate(members):
        if member in members[:place]:
            raise ArgumentError(f"{name} names {member} twice; name each strategy once", code="BadParameter")


def _largest_remainder(shares: Sequence[float], n: int) -> list[int]:
    """Whole numbers that sum to n, as near to ``shares`` * n as can be; of equal remainders the earlier gets more."""
    exact = [share * n for share in shares]
    counts = [math.floor(e + 1e-9) for e in exact]  # 0.7 * 10 is a little less than 7 in floating point
    by_remainder = sorted(range(len(shares)), key=lambda i: (-round(exact[i] - counts[i], 9), i))
    for place in by_remainder[: n - sum(counts)]:
        counts[place] += 1
    return counts


def _fresh(member: AnyPart, ctx: Context, wanted: int, taken: Mapping[int, object]) -> list[tuple[int, float, str]]:
    """The first ``wanted`` rows of a member that nobody has taken."""
    if wanted == 0:
        return []
    fresh: list[tuple[int, float, str]] = []
    for asked in (wanted, min(wanted + len(taken), ctx.size)):  # the longer list always holds enough
        chosen = as_strategy(member).select(ctx, asked)
        fresh = [entry for entry in _rows(chosen) if entry[0] not in taken]
        if len(fresh) >= wanted:
            break
    return fresh[:wanted]


def _rows(chosen: Selection) -> list[tuple[int, float, str]]:
    reasons = chosen.reasons or ("",) * len(chosen)
    return list(zip(chosen.indices.tolist(), np.asarray(chosen.scores, dtype=np.float64).tolist(), reasons))


def _said(member: AnyPart, reason: str) -> str:
    return f"{reason}; chosen by {member}" if reason else f"chosen by {member}"


def _selection(taken: Mapping[int, tuple[float, str]]) -> Selection:
    return Selection(
        np.array(list(taken), dtype=np.int64),
        np.array([score for score, _ in taken.values()], dtype=np.float64),
        tuple(reason for _, reason in taken.values()),
    )
