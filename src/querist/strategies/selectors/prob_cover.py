"""ProbCover: balls that cover the pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist.core.signals import EMBEDDING, PROBS, Context, Needs
from querist.strategies.kernels.purity import pure_radius
from querist.strategies.kernels.similarity import Similarity, top_hat
from querist.strategies.parameters import check_positive
from querist.strategies.selectors.covering import Covering

__all__ = ["ProbCover"]


@dataclass(frozen=True, repr=False)
class ProbCover(Covering):
    """Each pick's ball of radius delta covers the most items that no labelled, pending or chosen item's ball covers.

    A score before it weighs the rows that are covered. Without delta it is the largest of 200 distance quantiles at which
    at least 95 % of the balls hold one k-means cluster only, with as many clusters as `probs` has classes.

    Source: Yehuda, Dekel, Hacohen and Weinshall, Active Learning Through a Covering Lens, 2022, algorithm 1.
    """

    delta: float | None = None
    cell: ClassVar[str] = "representative: diversity"
    paper: ClassVar[str] = "Yehuda, Dekel, Hacohen and Weinshall 2022"

    def __post_init__(self) -> None:
        """Refuse a delta that is not above 0."""
        if self.delta is not None:
            check_positive(self.delta, "delta")

    @property
    def needs(self) -> Needs:
        """`EMBEDDING`; without delta `PROBS` too, for the number of classes."""
        pool = {EMBEDDING} if self.delta is not None else {EMBEDDING, PROBS}
        return Needs(pool=frozenset(pool), uses=frozenset({EMBEDDING}))

    def similarity(self, ctx: Context) -> tuple[Similarity, str]:
        """1 within delta, else 0."""
        x = ctx.pool[EMBEDDING]
        if self.delta is not None:
            delta = float(self.delta)
        else:
            clusters = ctx.pool[PROBS].shape[1]
            delta = pure_radius(x, clusters, ctx.keys("prob_cover radius"), ctx.generator("prob_cover radius"))
        return top_hat(x, delta), f"within {delta:.3g} that nothing labelled or chosen covers"
