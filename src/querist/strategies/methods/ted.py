"""Transductive experimental design: rows from which a ridge regression predicts the whole pool best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.bait import forward_backward
from querist.strategies.kernels.fisher import floored, mean_information
from querist.strategies.methods.bait import check_ridge, known_information, pool_rows

__all__ = ["Ted"]


@dataclass(frozen=True, repr=False)
class Ted(Strategy):
    """Sequential design with the linear kernel K = H H': pick x with the largest |K_x|^2 / (k(x, x) + ridge), deflate K.

    Deflation takes K_x K_x' / (k(x, x) + ridge) off K. In feature space that is the forward pass of `bait_regression`: the
    deflated kernel is ridge H (ridge I + sum h h')^-1 H', and the value is ridge N times the fall of the mean predictive
    variance; so no N x N kernel is built. Labelled and pending items have been deflated before. The scores are the values
    |K_x|^2 / (k(x, x) + ridge) at the time of the pick.

    Source: Yu, Bi and Tresp, Active Learning via Transductive Experimental Design, 2006 (sequential design).

    Args:
        ridge: the regularisation of the regression, above 0.
    """

    ridge: float = 1.0
    cell: ClassVar[str] = "representative: diversity"
    paper: ClassVar[str] = "Yu, Bi and Tresp 2006"

    def __post_init__(self) -> None:
        """Refuse a bad ridge when it is written."""
        check_ridge(self.ridge)

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool; of labelled and pending items where it is there."""
        return Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING}))

    def select(self, ctx: Context, n: int) -> Selection:
        """The forward pass."""
        rows = pool_rows(ctx, regression=True, name="ted")
        known, fisher = known_information(ctx, rows), mean_information(rows)
        ridge = floored(float(self.ridge), known, fisher)
        chosen, gains = forward_backward(rows, known, ridge, fisher, n, ctx.keys("ted"), times=1)
        scores = gains * (ridge * rows.size)
        words = [f"explains {s:.3g} of the pool's squared features that nothing chosen before explains" for s in scores]
        return Selection(chosen, scores, tuple(words))
