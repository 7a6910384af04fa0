"""Epsilon-greedy: now and then an item at random instead of the strategy's."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import Context, Needs, Selection
from querist.strategies.algebra import AnyPart, Strategy
from querist.strategies.combinators import as_member
from querist.strategies.turns import Turns

__all__ = ["EpsilonGreedy"]


@dataclass(frozen=True, repr=False, init=False)
class EpsilonGreedy(Strategy):
    """Each item of the batch is drawn uniformly with probability ``epsilon``, else it is the strategy's next.

    A strategy that is wrong about the pool is found out by the random part, which also lets accuracy be estimated. The
    scores of random items are NaN.

    Args:
        strategy: what chooses otherwise.
        epsilon: from 0 (the strategy alone) to 1 (random).

    Source: Sutton and Barto, Reinforcement Learning, 2018, section 2.2.

    >>> str(EpsilonGreedy("margin", epsilon=0.2))
    'epsilon_greedy(margin, epsilon=0.2)'
    """

    strategy: AnyPart
    epsilon: float = 0.1
    cell: ClassVar[str] = "hybrid: criteria selection"
    paper: ClassVar[str] = "Sutton and Barto 2018"

    def __init__(self, strategy: AnyPart | str, epsilon: float = 0.1) -> None:
        if isinstance(epsilon, bool) or not isinstance(epsilon, numbers.Real):
            raise ArgumentTypeError(
                f"epsilon must be a number from 0 to 1, got {type(epsilon).__name__} {shorten(epsilon)}",
                code="BadParameter",
            )
        if not 0 <= float(epsilon) <= 1:
            raise ArgumentError(f"epsilon must be a number from 0 to 1, got {epsilon}", code="BadParameter")
        object.__setattr__(self, "strategy", as_member(strategy))
        object.__setattr__(self, "epsilon", float(epsilon))

    @property
    def needs(self) -> Needs:
        """What the strategy needs."""
        return self.strategy.needs

    def needs_at(self, round: int) -> Needs:
        """What the strategy needs after ``round`` fits."""
        return self.strategy.needs_at(round)

    def select(self, ctx: Context, n: int) -> Selection:
        """A coin for each item."""
        turns = Turns([self.strategy], ctx, n)
        at_random = iter(np.argsort(ctx.keys("epsilon_greedy")).tolist())  # every order is as likely as any other
        taken: dict[int, tuple[float, str]] = {}
        for draw in ctx.generator("epsilon_greedy").random(n).tolist():
            if draw < self.epsilon:
                row = next(row for row in at_random if row not in taken)
                turns.mark(row)
                taken[row] = (float("nan"), f"drawn at random (probability {self.epsilon:g})")
            else:
                row, score, why = turns.take(0)
                taken[row] = (score, f"{why}; chosen by {self.strategy}" if why else f"chosen by {self.strategy}")
        return Selection(
            np.array(list(taken), dtype=np.int64),
            np.array([score for score, _ in taken.values()], dtype=np.float64),
            tuple(why for _, why in taken.values()),
        )
