"""Stop when so much is spent."""

from __future__ import annotations

from dataclasses import dataclass

from querist.core.types import Progress, StopReason
from querist.session.rules.base import StopRuleBase, check_positive, figure

__all__ = ["MaxCost"]


@dataclass(frozen=True)
class MaxCost(StopRuleBase):
    """Stop when answers have cost ``cost`` or more.

    Args:
        cost: what may be spent, above 0, in the unit of the project.
    """

    cost: float

    def __post_init__(self) -> None:
        """Check the parameter."""
        object.__setattr__(self, "cost", check_positive(self.cost, "cost"))

    def check(self, progress: Progress) -> StopReason | None:
        """A reason once the sum is spent; a sum of many small prices may fall short of it by rounding alone."""
        if progress.cost < self.cost * (1 - 1e-12):
            return None
        return self.reason(f"the answers cost {progress.cost:g}, and {figure(self.cost)} may be spent")
