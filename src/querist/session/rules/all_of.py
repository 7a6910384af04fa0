"""Stop when all of several rules say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist.core.types import Progress, StopReason
from querist.session.rules.base import BOTH, StopRuleBase
from querist.session.rules.several import check_rules, flatten, join_texts

__all__ = ["AllOf"]


@dataclass(frozen=True, init=False)
class AllOf(StopRuleBase):
    """``a & b``: stop when all of the rules do at the same time; the reason joins theirs.

    Args:
        rules: the rules, at least one; an `AllOf` among them is spread out.
    """

    rules: tuple[StopRuleBase, ...]
    binds: ClassVar[int] = BOTH

    def __init__(self, *rules: StopRuleBase) -> None:
        object.__setattr__(self, "rules", flatten(AllOf, check_rules("all_of", rules)))

    @classmethod
    def join(cls, left: StopRuleBase, right: StopRuleBase) -> AllOf:
        """``left & right``."""
        return cls(left, right)

    def check(self, progress: Progress) -> StopReason | None:
        """A reason once every rule has one."""
        reasons = [rule.check(progress) for rule in self.rules]
        texts = [reason.text for reason in reasons if reason is not None]
        return self.reason("; and ".join(texts)) if len(texts) == len(self.rules) else None

    def __str__(self) -> str:
        """``a & b & c``."""
        return join_texts(" & ", self.rules, BOTH)

    def __repr__(self) -> str:
        """The Python form."""
        return f"AllOf({', '.join(map(repr, self.rules))})"
