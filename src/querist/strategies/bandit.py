"""A bandit over strategies: play each once, then the one whose answers surprised most, with room for doubt.

The whole state is read from the session's history, so that a session that was killed and opened again goes on as if
nothing had happened.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import Context, Needs, Selection
from querist.strategies.algebra import AnyPart, Strategy, as_strategy
from querist.strategies.combinators import as_member, needs_of

__all__ = ["Bandit"]


_UCB1 = math.sqrt(2.0)


@dataclass(frozen=True, repr=False, init=False)
class Bandit(Strategy):
    """UCB1 over strategies; an arm's reward is the share of its answers that the model before had guessed wrong.

    Each arm is tried once first, in an order drawn by the seed. Then the arm of largest mean reward plus
    ``exploration`` * sqrt(log(plays of all) / plays of the arm) is played; ties are settled by the same draw. The arm
    played stands in `Selection.arm`, and comes back as `Round.arm` with its `Round.surprise`.

    Args:
        arms: two strategies or more.
        exploration: weight of the doubt; sqrt(2) is UCB1's own, 0 always plays the best mean.

    Source: Auer, Cesa-Bianchi and Fischer, Finite-time Analysis of the Multiarmed Bandit Problem, 2002, figure 1.

    >>> str(Bandit(["margin", "random"]))
    'bandit([margin, random])'
    """

    arms: tuple[AnyPart, ...]
    exploration: float = _UCB1
    cell: ClassVar[str] = "hybrid: criteria selection"
    paper: ClassVar[str] = "Auer, Cesa-Bianchi and Fischer 2002"

    def __init__(self, arms: Sequence[AnyPart | str], exploration: float = _UCB1) -> None:
        if isinstance(arms, str) or not isinstance(arms, Sequence) or len(arms) < 2:
            raise ArgumentTypeError(
                f"bandit takes a list of at least two strategies, e.g. bandit([margin, random]); got {shorten(arms)}",
                code="BadParameter",
            )
        members = tuple(as_member(arm) for arm in arms)
        texts = [str(member) for member in members]
        for place, text in enumerate(texts):
            if text in texts[:place]:
                raise ArgumentError(f"bandit names the arm {text} twice; name each once", code="BadParameter")
        if isinstance(exploration, bool) or not isinstance(exploration, numbers.Real):
            raise ArgumentTypeError(
                f"exploration must be a number ≥ 0, got {type(exploration).__name__} {shorten(exploration)}",
                code="BadParameter",
            )
        if not 0 <= exploration < math.inf:
            raise ArgumentError(f"exploration must be a number ≥ 0, got {exploration}", code="BadParameter")
        object.__setattr__(self, "arms", members)
        object.__setattr__(self, "exploration", float(exploration))

    @property
    def needs(self) -> Needs:
        """What all arms need."""
        return needs_of(self.arms)

    def needs_at(self, round: int) -> Needs:
        """What all arms need after ``round`` fits: any may be played."""
        return needs_of(self.arms, round)

    @property
    def may_stop_short(self) -> bool:
        """Where one of the arms does."""
        return any(arm.may_stop_short for arm in self.arms)

    def select(self, ctx: Context, n: int) -> Selection:
        """As the arm of this turn does."""
        place, why = self._play(ctx)
        arm = self.arms[place]
        chosen = as_strategy(arm).select(ctx, n)
        reasons = chosen.reasons or ("",) * len(chosen)
        return dataclasses.replace(chosen, reasons=tuple(f"{r}; {why}" if r else why for r in reasons), arm=str(arm))

    def _play(self, ctx: Context) -> tuple[int, str]:
        """The arm of this turn and why."""
        texts = [str(arm) for arm in self.arms]
        draw = ctx.generator("bandit").permutation(len(texts)).tolist()
        played = dict.fromkeys(texts, 0)
        rewards: dict[str, list[float]] = {text: [] for text in texts}
        for past in ctx.history:
            if past.arm in played:
                played[past.arm] += 1
                if past.surprise is not None:  # None: there was no model yet that could have been surprised
                    rewards[past.arm].append(past.surprise)
        untried = [i for i, text in enumerate(texts) if not rewards[text]]
        if untried:
            place = min(untried, key=lambda i: (played[texts[i]], draw[i]))
            times = "for the first time" if not played[texts[place]] else "again, no reward being known yet"
            return place, f"the bandit tries {texts[place]} {times}"
        plays = sum(len(r) for r in rewards.values())
        means = [math.fsum(rewards[text]) / len(rewards[text]) for text in texts]
        bounds = [
            mean + self.exploration * math.sqrt(math.log(plays) / len(rewards[text]))
            for mean, text in zip(means, texts)
        ]
        place = max(range(len(texts)), key=lambda i: (bounds[i], -draw[i]))
        return place, (
            f"the bandit plays {texts[place]}: {means[place]:.0%} of its answers surprised the model over "
            f"{len(rewards[texts[place]])} rounds, upper bound {bounds[place]:.2f}"
        )
