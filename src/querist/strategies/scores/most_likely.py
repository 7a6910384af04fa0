"""Most likely: search for items of a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError
from querist.core.signals import PROBS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.scores.threshold_distance import class_column

__all__ = ["MostLikely"]


@dataclass(frozen=True, repr=False)
class MostLikely(Score):
    """The probability of a class: asks for what is most likely to be of it, as when a rare class is searched.

    Source: Coleman, Chou, Katz-Samuels, Culatana, Bailis, Berg, Nowak, Sumbaly, Zaharia and Yalniz, Similarity Search
    for Efficient Active Learning and Search of Rare Concepts, 2022 (most-likely positive); Garnett, Krishnamurthy,
    Xiong, Schneider and Mann, Bayesian Optimal Active Search and Surveying, 2012 (one step ahead).

    Args:
        label: number of the class, from 0.
    """

    label: int
    cell: ClassVar[str] = "influence"
    paper: ClassVar[str] = "Garnett et al. 2012; Coleman et al. 2022"

    def __post_init__(self) -> None:
        """Refuse what is no class number."""
        if isinstance(self.label, bool) or not isinstance(self.label, int) or self.label < 0:
            raise ArgumentError(f"label must be a class number ≥ 0, got {self.label!r}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`PROBS` of the pool."""
        return Needs(pool=frozenset({PROBS}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) from 0 to 1."""
        return class_column(ctx.pool[PROBS], self.label, self)

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The probability."""
        return [f"of class {self.label} with probability {v:.2f}" for v in values]
