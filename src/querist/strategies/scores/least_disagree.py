"""Least disagreement: how little the model must change for the label of an item to change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import PERTURBED, PROBS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.perturbed import least_disagreement

__all__ = ["LeastDisagree"]


@dataclass(frozen=True, repr=False)
class LeastDisagree(Score):
    """Minus the least disagree metric: the smallest share of the pool relabelled by a perturbation that relabels the item.

    An item whose label no perturbation changes has metric 1. The perturbed models should have several scales, from such
    that hardly relabel anything on; the pool itself is the set on which disagreement is counted.

    Source: Cho, Lee and Yoo, Querying Easily Flip-flopped Samples for Deep Active Learning, 2024, and its
    code. Its seeding is `ldm_s`.
    """

    cell: ClassVar[str] = "uncertainty"
    paper: ClassVar[str] = "Cho, Lee and Yoo 2024"

    @property
    def needs(self) -> Needs:
        """`PROBS` and `PERTURBED` of the pool."""
        return Needs(pool=frozenset({PROBS, PERTURBED}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) in [-1, 0]."""
        return -least_disagreement(ctx.pool[PROBS], ctx.pool[PERTURBED])

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The least share."""
        return [
            "no perturbation changes its label"
            if v == -1.0
            else f"a model that relabels {-v:.1%} of the pool relabels it"
            for v in values
        ]
