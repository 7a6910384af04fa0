"""TCM: typical items first, uncertain ones later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist.core.errors import ArgumentError
from querist.core.signals import Needs
from querist.strategies.algebra import Recipe, Strategy
from querist.strategies.combinators import Switch
from querist.strategies.methods.typiclust import TypiClust
from querist.strategies.scores.margin import Margin

__all__ = ["Tcm"]


@dataclass(frozen=True, repr=False)
class Tcm(Recipe):
    """``switch(after, first=typiclust, then=margin)``: no cold start, no model needed for the first rounds.

    Source: Doucet, Estermann, Aczel and Wattenhofer, Bridging Diversity and Uncertainty in Active Learning with
    Self-Supervised Pre-Training, 2024.

    Args:
        after: rounds of TypiClust; in the paper it depends on the budget, few rounds of it being enough.
    """

    after: int = 3
    cell: ClassVar[str] = "hybrid: criteria selection"
    paper: ClassVar[str] = "Doucet et al. 2024"

    def __post_init__(self) -> None:
        """Refuse a bad number of rounds."""
        if isinstance(self.after, bool) or not isinstance(self.after, int) or self.after < 0:
            raise ArgumentError(f"after must be a whole number of rounds ≥ 0, got {self.after!r}", code="BadParameter")

    def expression(self) -> Strategy:
        """The method in the algebra."""
        return Switch(after=self.after, first=TypiClust(), then=Margin())

    def needs_at(self, round: int) -> Needs:
        """What the rule of that round needs."""
        return self.expression().needs_at(round)
