"""MaxHerding: greedy on generalised coverage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist.core.signals import EMBEDDING, Context
from querist.strategies.kernels.similarity import Similarity, gaussian
from querist.strategies.parameters import check_positive
from querist.strategies.selectors.bandwidth import default_sigma
from querist.strategies.selectors.covering import Covering

__all__ = ["MaxHerding"]


@dataclass(frozen=True, repr=False)
class MaxHerding(Covering):
    """Greedy for the sum over pool rows of the largest exp(-d^2 / (2 sigma^2)) to a chosen, labelled or pending row.

    A score before it weighs the rows that are covered. Without sigma it is the 5 % quantile of distances among labelled
    items, with fewer than two of them among at most 1,000 rows of the pool.

    Source: Bae, Noh and Sutherland, Generalized Coverage for More Robust Low-Budget Active Learning, 2024.
    """

    sigma: float | None = None
    cell: ClassVar[str] = "representative: density"
    paper: ClassVar[str] = "Bae, Noh and Sutherland 2024"

    def __post_init__(self) -> None:
        """Refuse a sigma that is not above 0."""
        if self.sigma is not None:
            check_positive(self.sigma, "sigma")

    def similarity(self, ctx: Context) -> tuple[Similarity, str]:
        """The Gaussian of width sigma."""
        sigma = float(self.sigma) if self.sigma is not None else default_sigma(ctx)
        return gaussian(
            ctx.pool[EMBEDDING], 0.5 / sigma**2
        ), f"better than what is labelled or chosen (sigma {sigma:.3g})"
