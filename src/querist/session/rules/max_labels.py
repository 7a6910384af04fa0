"""Stop when so many items are labelled."""

from __future__ import annotations

from dataclasses import dataclass

from querist.core.contract import check_count
from querist.core.types import Progress, StopReason
from querist.session.rules.base import StopRuleBase

__all__ = ["MaxLabels"]


@dataclass(frozen=True)
class MaxLabels(StopRuleBase):
    """Stop at ``n`` labelled items.

    Args:
        n: labelled items that are enough, at least 1.
    """

    n: int

    def __post_init__(self) -> None:
        """Check the parameter."""
        object.__setattr__(self, "n", check_count(self.n, "n"))

    def check(self, progress: Progress) -> StopReason | None:
        """A reason once ``n`` items are labelled."""
        if progress.labels < self.n:
            return None
        return self.reason(f"{progress.labels} items are labelled, and {self.n} were wanted")
