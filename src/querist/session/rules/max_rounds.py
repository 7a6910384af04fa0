"""Stop after so many rounds."""

from __future__ import annotations

from dataclasses import dataclass

from querist.core.contract import check_count
from querist.core.types import Progress, StopReason
from querist.session.rules.base import StopRuleBase

__all__ = ["MaxRounds"]


@dataclass(frozen=True)
class MaxRounds(StopRuleBase):
    """Stop after ``n`` fits; the fit on the start set counts as one.

    Args:
        n: fits that are enough, at least 1.
    """

    n: int

    def __post_init__(self) -> None:
        """Check the parameter."""
        object.__setattr__(self, "n", check_count(self.n, "n"))

    def check(self, progress: Progress) -> StopReason | None:
        """A reason once the model was fitted ``n`` times."""
        if progress.rounds < self.n:
            return None
        return self.reason(f"{progress.rounds} rounds are fitted, and {self.n} were wanted")
