"""Plateau switch: one strategy until a metric no longer rises, then another."""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from querist.core.contract import check_count
from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import Context, Needs, Selection
from querist.core.types import Round
from querist.strategies.algebra import AnyPart, Strategy, as_strategy
from querist.strategies.combinators import as_member, needs_of
from querist.strategies.text import Form, call

__all__ = ["PlateauSwitch"]


@dataclass(frozen=True, repr=False, init=False)
class PlateauSwitch(Strategy):
    """``first`` until ``metric`` has risen by less than ``least`` over ``window`` rounds, from then on ``then``.

    It is `switch` by what the rounds have brought instead of by their number, and it does not switch back. Rounds
    without the metric are passed over; where no round has it, ``first`` stays. The metric must be one that rises, and
    should come from a validation set: what is measured on the test set must not steer.

    Args:
        first: strategy of the rounds that rise.
        then: strategy after the plateau.
        metric: name in `Round.metrics`.
        window: rounds over which the rise is taken.
        least: the rise that is enough to go on.

    Source: an operator of ours; schedules by validation slope are the survey's criteria selection.

    >>> str(PlateauSwitch(first="typicality", then="margin"))
    'plateau_switch(first=typicality, then=margin)'
    """

    first: AnyPart
    then: AnyPart
    metric: str = "accuracy"
    window: int = 3
    least: float = 0.005
    cell: ClassVar[str] = "hybrid: criteria selection"

    def __init__(
        self,
        first: AnyPart | str,
        then: AnyPart | str,
        metric: str = "accuracy",
        window: int = 3,
        least: float = 0.005,
    ) -> None:
        if not isinstance(metric, str) or not metric:
            raise ArgumentTypeError(
                f"metric must be the name of a metric, e.g. accuracy; got {type(metric).__name__} {shorten(metric)}",
                code="BadParameter",
            )
        if isinstance(least, bool) or not isinstance(least, numbers.Real):
            raise ArgumentTypeError(
                f"least must be a number, got {type(least).__name__} {shorten(least)}", code="BadParameter"
            )
        if not math.isfinite(least):
            raise ArgumentError(f"least must be a finite number, got {least}", code="BadParameter")
        object.__setattr__(self, "first", as_member(first))
        object.__setattr__(self, "then", as_member(then))
        object.__setattr__(self, "metric", metric)
        object.__setattr__(self, "window", check_count(window, "window"))
        object.__setattr__(self, "least", float(least))

    @property
    def needs(self) -> Needs:
        """What both need."""
        return needs_of((self.first, self.then))

    def needs_at(self, round: int) -> Needs:
        """What both need after ``round`` fits; ``first`` alone while no window is full."""
        return needs_of((self.first, self.then) if round > self.window else (self.first,), round)

    def select(self, ctx: Context, n: int) -> Selection:
        """As the strategy of this stage does."""
        found = self._plateau(ctx.history)
        played = self.first if found is None else self.then
        chosen = as_strategy(played).select(ctx, n)
        if found is None:
            said = f"{played} while {self.metric} rises"
        else:
            said = f"{played} since round {found[0]}: {self.metric} rose by {found[1]:.3g} in {self.window} rounds"
        reasons = chosen.reasons or ("",) * len(chosen)
        return dataclasses.replace(chosen, reasons=tuple(f"{r}; {said}" if r else said for r in reasons))

    def form(self, f: Form) -> str:
        """``plateau_switch(first=a, then=b)``."""
        fields = dataclasses.fields(self)
        values = [(field, getattr(self, field.name)) for field in fields]
        pairs: list[tuple[str | None, Any]] = [(field.name, v) for field, v in values if v != field.default]
        return call(f, "PlateauSwitch" if f.python else "plateau_switch", pairs)

    def _plateau(self, history: Sequence[Round]) -> tuple[int, float] | None:
        """The first round that ends a window without enough of a rise, and the rise; None while there is none."""
        known: list[tuple[int, float]] = []
        for past in history:
            value: Any = past.metrics.get(self.metric)
            if value is None:  # not measured, or not finite
                continue
            known.append((past.round, float(value)))
            if len(known) > self.window:
                rise = known[-1][1] - known[-1 - self.window][1]
                if rise < self.least:
                    return past.round, rise
        return None
