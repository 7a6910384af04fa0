"""Coverage switch: explore until what is labelled covers the pool, then refine."""

from __future__ import annotations

import dataclasses
import math
import numbers
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import AnyPart, Strategy, as_strategy
from querist.strategies.combinators import as_member, needs_of
from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.selectors.known import known_points
from querist.strategies.text import Form, call

__all__ = ["CoverageSwitch"]


@dataclass(frozen=True, repr=False, init=False)
class CoverageSwitch(Strategy):
    """``first`` while less than ``share`` of the pool lies within ``radius`` of a labelled or pending item, else ``then``.

    It is `switch` by what is known instead of by the round: an easy pool is refined earlier, and a pool that has grown
    is explored again.

    Args:
        first: strategy of exploration, e.g. k_center.
        then: strategy of refinement, e.g. margin.
        radius: Euclidean distance within which an item counts as covered.
        share: of the pool that must be covered, above 0 and at most 1.

    Source: a labelled share by radius as the coverage of Yehuda, Dekel, Hacohen and Weinshall, Active Learning Through a
    Covering Lens, 2022; the switch is ours.

    >>> str(CoverageSwitch(first="k_center", then="margin", radius=0.5))
    'coverage_switch(first=k_center, then=margin, radius=0.5)'
    """

    first: AnyPart
    then: AnyPart
    radius: float
    share: float = 0.9
    cell: ClassVar[str] = "hybrid: criteria selection"
    paper: ClassVar[str] = "coverage: Yehuda, Dekel, Hacohen and Weinshall 2022"

    def __init__(self, first: AnyPart | str, then: AnyPart | str, radius: float, share: float = 0.9) -> None:
        for name, value, most in (("radius", radius, math.inf), ("share", share, 1.0)):
            words = f"{name} must be a number above 0" + ("" if math.isinf(most) else f" and at most {most:g}")
            if isinstance(value, bool) or not isinstance(value, numbers.Real):
                raise ArgumentTypeError(f"{words}, got {type(value).__name__} {shorten(value)}", code="BadParameter")
            if not (0 < float(value) <= most and math.isfinite(value)):
                raise ArgumentError(f"{words}, got {value}", code="BadParameter")
        object.__setattr__(self, "first", as_member(first))
        object.__setattr__(self, "then", as_member(then))
        object.__setattr__(self, "radius", float(radius))
        object.__setattr__(self, "share", float(share))

    @property
    def needs(self) -> Needs:
        """What both need, and `EMBEDDING` of the pool and of labelled and pending items."""
        return needs_of((self.first, self.then)) | _LOOKS

    def needs_at(self, round: int) -> Needs:
        """The same after ``round`` fits: either may be played."""
        return needs_of((self.first, self.then), round) | _LOOKS

    def select(self, ctx: Context, n: int) -> Selection:
        """As the strategy of this coverage does."""
        covered = self._covered(ctx)
        played = self.first if covered < self.share else self.then
        chosen = as_strategy(played).select(ctx, n)
        said = f"{played} at {covered:.0%} of the pool covered (switch at {self.share:.0%})"
        reasons = chosen.reasons or ("",) * len(chosen)
        return dataclasses.replace(chosen, reasons=tuple(f"{r}; {said}" if r else said for r in reasons))

    def _covered(self, ctx: Context) -> float:
        geometry = Euclidean(ctx.pool[EMBEDDING])
        known = known_points(ctx, EMBEDDING, geometry.shifted)
        nearest = np.full(geometry.size, np.inf, dtype=geometry.dtype)
        geometry.lower(nearest, known)
        within = self.radius**2 * (1.0 + (1e-5 if geometry.dtype == np.float32 else 1e-11))  # but for rounding
        return float((nearest <= within).mean())

    def form(self, f: Form) -> str:
        """``coverage_switch(first=a, then=b, radius=0.5)``."""
        pairs: list[tuple[str | None, Any]] = [("first", self.first), ("then", self.then), ("radius", self.radius)]
        if self.share != 0.9:
            pairs.append(("share", self.share))
        return call(f, "CoverageSwitch" if f.python else "coverage_switch", pairs)


_LOOKS = Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING}))
