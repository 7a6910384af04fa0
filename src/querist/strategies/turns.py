"""Members of a policy asked once each, their rows handed out one at a time: what policies over strategies share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import Context
from querist.core.types import Round
from querist.strategies.algebra import AnyPart, as_strategy
from querist.strategies.combinators import as_member

__all__ = ["Turns", "batches", "members_of"]


def members_of(name: str, given: object, example: str) -> tuple[AnyPart, ...]:
    """At least two different strategies, kept as they were written; text is parsed.

    Raises:
        ArgumentTypeError: no list of at least two strategies (code ``BadParameter``).
        ArgumentError: one is named twice (code ``BadParameter``).
    """
    if isinstance(given, str) or not isinstance(given, Sequence) or len(given) < 2:
        raise ArgumentTypeError(
            f"{name} takes a list of at least two strategies, e.g. {example}; got {shorten(given)}", code="BadParameter"
        )
    members = tuple(as_member(value) for value in given)
    texts = [str(member) for member in members]
    for place, text in enumerate(texts):
        if text in texts[:place]:
            raise ArgumentError(f"{name} names {text} twice; name each strategy once", code="BadParameter")
    return members


def batches(history: Sequence[Round], tag: str) -> list[Round]:
    """The rounds of a policy whose log begins with ``tag``, each batch once: late answers may be fitted by themselves."""
    return list({past.asked: past for past in history if (past.arm or "").startswith(tag)}.values())


class Turns:
    """The choices of some strategies, from which rows are taken one after the other.

    Args:
        members: the strategies; each chooses ``n`` rows once.
        ctx: what they see.
        n: size of the batch. Whatever was taken before, each member has a row left for each of n turns.
    """

    def __init__(self, members: Sequence[AnyPart], ctx: Context, n: int) -> None:
        chosen = [as_strategy(member).select(ctx, n) for member in members]
        self._rows = [np.asarray(c.indices).tolist() for c in chosen]
        self._scores = [np.asarray(c.scores, dtype=np.float64).tolist() for c in chosen]
        self._reasons = [c.reasons or ("",) * len(c) for c in chosen]
        self._places = [0] * len(chosen)
        self._taken: set[int] = set()

    def peek(self) -> list[int]:
        """The row that each member would take now: its first that is not taken."""
        out = []
        for member, rows in enumerate(self._rows):
            while rows[self._places[member]] in self._taken:
                self._places[member] += 1
            out.append(int(rows[self._places[member]]))
        return out

    def take(self, member: int) -> tuple[int, float, str]:
        """Row, score and reason of the member's next choice, which is gone for all members then."""
        row = self.peek()[member]
        self._taken.add(row)
        place = self._places[member]
        return row, self._scores[member][place], self._reasons[member][place]

    def mark(self, row: int) -> None:
        """Take a row that no member chose."""
        self._taken.add(row)
