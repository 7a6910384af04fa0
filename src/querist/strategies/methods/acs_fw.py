"""ACS-FW: the batch whose expected log-likelihood is nearest to that of the whole pool."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import MEMBERS, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.expected_likelihood import expected_log_likelihood
from querist.strategies.kernels.frank_wolfe import frank_wolfe
from querist.strategies.scores.committee import NOT_CLASSES, members_of

__all__ = ["AcsFw"]


@dataclass(frozen=True, repr=False)
class AcsFw(Strategy):
    """Frank-Wolfe on expected log-likelihoods of the items as functions of the model.

    L_n(theta_s) = sum over classes c of mean p_c log p_sc, plus ``entropy`` times the entropy of the mean, for each
    posterior sample s; items are vectors of S numbers, and the batch is the few of them whose weighted sum is nearest to
    the sum over the pool. As published the first n steps may come back to an item, so that fewer than n items would be
    found: further steps, to new items, fill the batch. Labelled items play no part but through the posterior. The scores
    are the fits.

    Args:
        entropy: weight of the entropy, 1 as in the paper; the authors' code has 0 unless told.

    Source: Pinsler, Gordon, Nalisnick and Hernández-Lobato, Bayesian Batch Active Learning as Sparse Subset Approximation,
    2019, algorithm 1 on projections, the posterior samples being the projections.
    """

    entropy: float = 1.0
    cell: ClassVar[str] = "Bayesian"
    paper: ClassVar[str] = "Pinsler, Gordon, Nalisnick and Hernández-Lobato 2019"

    def __post_init__(self) -> None:
        """Refuse a weight that is not a number at least 0."""
        if isinstance(self.entropy, bool) or not isinstance(self.entropy, numbers.Real):
            raise ArgumentTypeError(
                f"entropy must be a number ≥ 0, got {type(self.entropy).__name__} {shorten(self.entropy)}",
                code="BadParameter",
            )
        if not 0 <= float(self.entropy) < math.inf:
            raise ArgumentError(f"entropy must be a number ≥ 0, got {self.entropy}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`MEMBERS` of the pool."""
        return Needs(pool=frozenset({MEMBERS}), unfit=NOT_CLASSES)

    def select(self, ctx: Context, n: int) -> Selection:
        """Frank-Wolfe, then new items until there are n."""
        members = members_of(ctx)
        if members.ndim != 3:
            raise ArgumentError(
                f"acs_fw needs members of a classifier, shape (N, S, C); got {tuple(members.shape)}",
                code="ShapeMismatch",
            )
        vectors = expected_log_likelihood(np.asarray(members), float(self.entropy))
        n = min(n, len(vectors))
        rows, fits, missing = frank_wolfe(vectors, n, ctx.keys("acs_fw"), again=True)
        words = tuple(f"with it {share:.1%} of the pool's expected log-likelihood is missing" for share in missing)
        return Selection(rows, fits, words)
