"""Stop when successive models predict the same.

M. Bloodgood and K. Vijay-Shanker, "A method for stopping active learning based on stabilizing predictions and the need
for user-adjustable stopping", CoNLL 2009. The models are compared on a stop set fixed at the start, for the pool that
shrinks is no unbiased sample (Kurlandski and Bloodgood 2022); the session does so and reports `Round.agreement`.
"""

from __future__ import annotations

from dataclasses import dataclass

from querist.core.contract import check_count
from querist.core.types import Progress, StopReason
from querist.session.rules.base import StopRuleBase, check_fraction

__all__ = ["StablePredictions"]


@dataclass(frozen=True)
class StablePredictions(StopRuleBase):
    """Stop when Cohen's kappa between successive models, averaged over ``window`` rounds, reaches ``kappa``.

    It goes on while one of those rounds has no agreement (the first fit; a learner without probabilities).

    Args:
        kappa: mean agreement that is enough, above 0 and at most 1; the paper's is .99.
        window: rounds that the mean is taken over; the paper's is 3.
    """

    kappa: float = 0.99
    window: int = 3

    def __post_init__(self) -> None:
        """Check the parameters."""
        object.__setattr__(self, "kappa", check_fraction(self.kappa, "kappa"))
        object.__setattr__(self, "window", check_count(self.window, "window"))

    def check(self, progress: Progress) -> StopReason | None:
        """A reason once the predictions stand still."""
        recent = [r.agreement for r in progress.history[-self.window :]]
        known = [a for a in recent if a is not None]
        if len(known) < self.window:
            return None
        mean = sum(known) / self.window
        if not mean >= self.kappa - 1e-12:
            return None
        return self.reason(
            f"the predictions are stable: kappa between successive models was {', '.join(f'{k:.4g}' for k in known)} "
            f"in the last {self.window} rounds, {mean:.4g} on average, and {self.kappa:g} is enough"
        )
