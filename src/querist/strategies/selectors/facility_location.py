"""Facility location: every item should have a near representative."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist.core.errors import ArgumentError, shorten
from querist.core.signals import EMBEDDING, Context
from querist.strategies.kernels.similarity import Similarity, cosine, gaussian
from querist.strategies.parameters import check_positive
from querist.strategies.selectors.bandwidth import default_sigma
from querist.strategies.selectors.covering import Covering

__all__ = ["FacilityLocation"]


@dataclass(frozen=True, repr=False)
class FacilityLocation(Covering):
    """Greedy for the sum over pool rows of the largest kernel value to a chosen, labelled or pending row.

    A score before it weighs the rows that are covered. The kernel is "rbf", exp(-gamma d^2), or "cosine", the cosine
    itself; without gamma it is 1 / (2 sigma^2) with the sigma of `max_herding`. Greedy is within 1 - 1/e of the best.

    Source: Nemhauser, Wolsey and Fisher 1978 (greedy); Wei, Iyer and Bilmes, Submodularity in Data Subset Selection and
    Active Learning, 2015.
    """

    kernel: str = "rbf"
    gamma: float | None = None
    cell: ClassVar[str] = "representative: diversity"
    paper: ClassVar[str] = "Wei, Iyer and Bilmes 2015"

    def __post_init__(self) -> None:
        """Refuse an unknown kernel, and a gamma that is not above 0 or that the kernel does not have."""
        if self.kernel not in ("rbf", "cosine"):
            raise ArgumentError(f"kernel must be rbf or cosine, got {shorten(self.kernel)}", code="BadParameter")
        if self.gamma is not None:
            check_positive(self.gamma, "gamma")
        if self.kernel == "cosine" and self.gamma is not None:
            raise ArgumentError(f"kernel=cosine takes no gamma, got {self.gamma}", code="BadParameter")

    def similarity(self, ctx: Context) -> tuple[Similarity, str]:
        """The kernel asked for."""
        words = "better than what is labelled or chosen"
        if self.kernel == "cosine":
            return cosine(ctx.pool[EMBEDDING]), words
        gamma = self.gamma if self.gamma is not None else 0.5 / default_sigma(ctx) ** 2
        return gaussian(ctx.pool[EMBEDDING], float(gamma)), words
