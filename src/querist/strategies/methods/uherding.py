"""UHerding: coverage of what is uncertain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist.strategies.algebra import Recipe, Strategy
from querist.strategies.parameters import check_positive
from querist.strategies.scores.margin import Margin
from querist.strategies.selectors.max_herding import MaxHerding

__all__ = ["Uherding"]


@dataclass(frozen=True, repr=False)
class Uherding(Recipe):
    """``margin >> max_herding``: greedy coverage with each covered row weighted by 1 - (p1 - p2).

    With a small sigma, as later rounds have it, it nears the margin itself; with a large one it nears coverage. Where all
    margins are 0 rows weigh alike.

    Source: Bae, Oliveira and Sutherland, Uncertainty Herding: One Active Learning Method for All Label Budgets, 2025.
    """

    sigma: float | None = None
    cell: ClassVar[str] = "hybrid: batch-native"
    paper: ClassVar[str] = "Bae, Oliveira and Sutherland 2025"

    def __post_init__(self) -> None:
        """Refuse a sigma that is not above 0."""
        if self.sigma is not None:
            check_positive(self.sigma, "sigma")

    def expression(self) -> Strategy:
        """The method in the algebra."""
        return Margin() >> MaxHerding(sigma=self.sigma)
