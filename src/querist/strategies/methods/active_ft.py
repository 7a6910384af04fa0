"""ActiveFT: prototypes that follow the pool's features and keep apart."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.k_means import nearest_rows
from querist.strategies.kernels.prototypes import spread, units
from querist.strategies.parameters import check_whole

__all__ = ["ActiveFt"]


@dataclass(frozen=True, repr=False)
class ActiveFt(Strategy):
    """n prototypes are moved so that every row has one that is like it while no two are alike; the row most like each.

    By cosine: rows are scaled to length 1. The prototypes start at n random rows and take ``steps`` steps of Adam at
    ``rate`` on the mean over rows i of -log(exp(x_i.c_p / T) / (exp(x_i.c_p / T) + balance * sum_j exp(c_j.c_p / T))),
    c_p being the prototype most similar to row i; only c_p is moved by the sum. Then each prototype in turn takes the
    row most similar to it that is not taken. For one large first batch: labelled items play no part. The scores are the
    cosines of rows and prototypes. The steps are taken in NumPy from a generator of the seed: the same seed gives the
    same rows.

    Source: Xie, Lu, Yan, Yang, Tomizuka and Zhan, Active Finetuning: Exploiting Annotation Budget in the
    Pretraining-Finetuning Paradigm, 2023, and the authors' code.

    Args:
        steps: of the optimiser.
        temperature: T; the smaller, the more only the nearest counts.
        rate: size of a step.
        balance: weight of keeping apart.
    """

    steps: int = 300
    temperature: float = 0.07
    rate: float = 0.001
    balance: float = 1.0
    cell: ClassVar[str] = "representative: diversity"
    paper: ClassVar[str] = "Xie et al. 2023"
    equivariant: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        check_whole(self.steps, "steps", 0)
        for name in ("temperature", "rate", "balance"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, numbers.Real):
                raise ArgumentTypeError(
                    f"{name} must be a number above 0, got {type(value).__name__} {shorten(value)}", code="BadParameter"
                )
            if not 0 < float(value) < math.inf:
                raise ArgumentError(f"{name} must be a number above 0, got {value}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool."""
        return Needs(pool=frozenset({EMBEDDING}))

    def select(self, ctx: Context, n: int) -> Selection:
        """Move the prototypes, then take the rows."""
        x = units(ctx.pool[EMBEDDING])
        starts = ctx.generator("active_ft").choice(len(x), n, replace=False)
        prototypes = spread(x, x[starts], float(self.temperature), float(self.balance), float(self.rate), self.steps)
        rows, _ = nearest_rows(x, prototypes, ctx.keys("active_ft"))
        cosines = np.einsum("nd,nd->n", x[rows].astype(np.float64), prototypes)
        words = tuple(
            f"most like prototype {b} of {n} (cosine {c:.3f})" for b, c in enumerate(cosines.tolist(), start=1)
        )
        return Selection(rows, cosines, words)
