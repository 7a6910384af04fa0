"""Mean standard deviation: how far the members' probabilities lie apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.checks import in_passing
from querist.core.signals import MEMBERS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.members import spread
from querist.strategies.scores.committee import some_members

__all__ = ["MeanStd"]


@dataclass(frozen=True, repr=False)
class MeanStd(Score):
    """Mean over classes of the population standard deviation over members.

    Members of a regression, shape (N, S), are taken too: then it is the standard deviation itself.

    Source: Kampffmeyer, Salberg and Jenssen, Semantic Segmentation of Small Objects and Modeling of Uncertainty in
    Urban Remote Sensing Images Using Deep Convolutional Neural Networks, 2016.
    """

    cell: ClassVar[str] = "uncertainty"
    paper: ClassVar[str] = "Kampffmeyer, Salberg and Jenssen 2016"

    @property
    def needs(self) -> Needs:
        """`MEMBERS` of the pool."""
        return Needs(pool=frozenset({MEMBERS}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at least 0; 0 where all members agree."""
        members, look = in_passing(ctx.pool, MEMBERS)
        return spread(some_members(members), look)

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The deviation."""
        samples = ctx.pool[MEMBERS].shape[1]
        return [f"{samples} members lie {v:.3g} apart (standard deviation)" for v in values]
