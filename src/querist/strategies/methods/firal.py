"""FIRAL: a batch of small Fisher information ratio, with a proof of how far from the best it can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import EMBEDDING, PROBS, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.firal import class_blocks, ratio, relaxed, rounded
from querist.strategies.kernels.fisher import Rows
from querist.strategies.methods.bait import check_ridge, pool_rows
from querist.strategies.methods.last_layer import has
from querist.strategies.parameters import check_positive

__all__ = ["Firal"]

_ETAS = (0.5, 2.0, 8.0)


@dataclass(frozen=True, repr=False)
class Firal(Strategy):
    """Minimises the Fisher information ratio sum over classes of tr[(known + chosen)^-1 F], F the pool's mean information.

    First weights of the rows are found that have the least ratio (convex; entropic mirror descent), then rows are picked
    one by one by regret minimisation towards the information of those weights. Class blocks only: the information about
    class k is p_k (1 - p_k) h h', as in Approx-FIRAL. Labelled and pending items count as known, beside ridge I. The
    scores are the falls of the regularised trace; the reason names the ratio of the batch and the proven least. No code of
    the authors was found; the rule is derived from the papers' statement, see the kernel.

    Time grows with N C D^2 a pick and a step of the descent.

    Source: Chen, Wen and Biros, FIRAL: An Active Learning Algorithm for Multinomial Logistic Regression, 2023; Chen, Wen
    and Biros, A Scalable Algorithm for Active Learning, 2024 (Approx-FIRAL).

    Args:
        eta: learning rate of the rounding in units of sqrt(C D), above 0; None tries 0.5, 2 and 8 and keeps the batch of
            least ratio.
        ridge: what the known information begins with, above 0.
    """

    eta: float | None = None
    ridge: float = 1.0
    cell: ClassVar[str] = "hybrid: batch-native"
    paper: ClassVar[str] = "Chen, Wen and Biros 2023"

    def __post_init__(self) -> None:
        """Refuse bad parameters when they are written."""
        if self.eta is not None:
            check_positive(self.eta, "eta")
        check_ridge(self.ridge)

    @property
    def needs(self) -> Needs:
        """`PROBS` and `EMBEDDING` of the pool; of labelled and pending items where both are there."""
        both = frozenset({PROBS, EMBEDDING})
        return Needs(pool=both, uses=both)

    def select(self, ctx: Context, n: int) -> Selection:
        """Relax, then round."""
        rows = pool_rows(ctx, regression=False, name="firal")
        known = np.zeros((rows.classes, rows.width, rows.width))
        for view in (ctx.labelled, ctx.pending):
            if has(view, PROBS, EMBEDDING):
                known += class_blocks(Rows(view[PROBS], view[EMBEDDING], rows.dtype))
        fisher = class_blocks(rows) / rows.size
        largest = max(float(np.einsum("kdd->kd", m).max(initial=0.0)) for m in (known, fisher))
        lost = 1e-10 if rows.dtype == np.float64 else 1e-6  # less would be lost to rounding
        known += max(float(self.ridge), lost * largest) * np.eye(rows.width)
        weights, _, bound = relaxed(rows, known, fisher, n)
        target = known + class_blocks(rows, weights)
        scale = float(np.sqrt(rows.classes * rows.width))
        found = []
        for eta in _ETAS if self.eta is None else (float(self.eta),):
            picks, falls = rounded(rows, known, target, n, eta * scale, ctx.keys("firal"))
            value = ratio(known + class_blocks(rows.take(picks, rows.dtype)), fisher)
            found.append((value, picks, falls))
        value, picks, falls = min(found, key=lambda one: round(one[0] / max(found[0][0], 1e-300), 9))
        words = [
            f"weight {weights[row]:.2g} in the relaxed batch; the batch's Fisher information ratio is {value:.4g}, none "
            f"has less than {bound:.4g}"
            for row in picks
        ]
        return Selection(picks, falls, tuple(words))
