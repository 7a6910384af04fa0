"""Stop when one of several rules says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist.core.types import Progress, StopReason
from querist.session.rules.base import ANY, StopRuleBase
from querist.session.rules.several import check_rules, flatten, join_texts

__all__ = ["AnyOf"]


@dataclass(frozen=True, init=False)
class AnyOf(StopRuleBase):
    """``a | b``: stop when any of the rules does; the reason is that of the first one in order.

    Args:
        rules: the rules, at least one; an `AnyOf` among them is spread out.
    """

    rules: tuple[StopRuleBase, ...]
    binds: ClassVar[int] = ANY

    def __init__(self, *rules: StopRuleBase) -> None:
        object.__setattr__(self, "rules", flatten(AnyOf, check_rules("any_of", rules)))

    @classmethod
    def join(cls, left: StopRuleBase, right: StopRuleBase) -> AnyOf:
        """``left | right``."""
        return cls(left, right)

    def check(self, progress: Progress) -> StopReason | None:
        """The first reason there is."""
        for rule in self.rules:
            reason = rule.check(progress)
            if reason is not None:
                return reason
        return None

    def __str__(self) -> str:
        """``a | b | c``."""
        return join_texts(" | ", self.rules, ANY)

    def __repr__(self) -> str:
        """The Python form."""
        return f"AnyOf({', '.join(map(repr, self.rules))})"
