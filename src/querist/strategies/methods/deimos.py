"""DEIMOS: the batch whose answers take most variance from the predictions of the pool (regression)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist.core.signals import MEMBERS, NOISE, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.gaussian_members import greedy_variance_reduction
from querist.strategies.scores.committee import one_model_each, regression_members

__all__ = ["Deimos"]


@dataclass(frozen=True, repr=False)
class Deimos(Strategy):
    """Each pick takes most variance from the predictions of the pool, given the picks before it; members are (N, S).

    An answer at x takes cov(x, x')^2 / (var(x) + noise(x)) from the variance of the prediction at x'; then all
    covariances are conditioned on it, as those of Gaussians are. The scores are the reductions, their mean over the
    pool, in squared units of the prediction. Labelled items play no part; pending ones (their `members` and `noise`)
    count as chosen before. Members must be the same models for all items (the same dropout masks).

    Source: Nagpal and Knowles, Active Learning in CNNs via Expected Improvement Maximization, 2020 (batch mode).
    """

    cell: ClassVar[str] = "influence"
    paper: ClassVar[str] = "Nagpal and Knowles 2020"

    @property
    def needs(self) -> Needs:
        """`MEMBERS`, shape (N, S), and `NOISE` of the pool; of pending items where they are there."""
        both = frozenset({MEMBERS, NOISE})
        return Needs(pool=both, uses=both)

    def select(self, ctx: Context, n: int) -> Selection:
        """Greedy, conditioned on each pick."""
        one_model_each(self, ctx)
        members = regression_members(self, ctx, "for classes use core_mse")
        waiting = ctx.pending if len(ctx.pending) and MEMBERS in ctx.pending and NOISE in ctx.pending else None
        rows, gains = greedy_variance_reduction(
            members,
            ctx.pool[NOISE],
            members,
            n,
            ctx.keys("deimos"),
            None if waiting is None else (waiting[MEMBERS], waiting[NOISE]),
        )
        words = tuple(f"an answer takes {g:.2g} from the mean variance of {ctx.size:,} predictions" for g in gains)
        return Selection(rows, gains, words)
