"""VAAL: items that a discriminator takes for unlabelled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import DISCRIMINATOR, Context, Needs
from querist.strategies.algebra import FloatArray, Score

__all__ = ["Vaal"]


@dataclass(frozen=True, repr=False)
class Vaal(Score):
    """1 - D, D being the probability with which a discriminator takes the item for a labelled one.

    Training the discriminator against a variational auto-encoder is the work of the plug-in ``vaal``; the score is what
    it publishes.

    Source: Sinha, Ebrahimi and Darrell, Variational Adversarial Active Learning, 2019 (the items with the
    lowest confidence of the discriminator in "labelled" are sent to the annotators).
    """

    cell: ClassVar[str] = "representative: diversity"
    paper: ClassVar[str] = "Sinha, Ebrahimi and Darrell 2019"

    @property
    def needs(self) -> Needs:
        """`DISCRIMINATOR` of the pool, from the plug-in ``vaal``."""
        return Needs(pool=frozenset({DISCRIMINATOR}), plugin="vaal")

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) from 0 (looks labelled) to 1."""
        return np.asarray(1.0 - np.asarray(ctx.pool[DISCRIMINATOR], dtype=np.float64))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """What the discriminator says."""
        return [f"the discriminator takes it for labelled with probability {1.0 - v:.3g}" for v in values]
