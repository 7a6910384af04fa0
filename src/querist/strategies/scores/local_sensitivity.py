"""Local sensitivity: how far the worst of some augmentations moves the prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import AUGMENTED, PROBS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.probabilities import worst_divergence
from querist.strategies.scores.consistency import augmented_of

__all__ = ["LocalSensitivity"]


@dataclass(frozen=True, repr=False)
class LocalSensitivity(Score):
    """The largest KL(p(.|x) || p(.|x')) over the augmentations x' of x, in nats; p(.|x') is floored at 1e-12.

    Source: Zhang, Gong, Liu, He, Chen and Zhou, ALLSH: Active Learning Guided by Local Sensitivity and Hardness, 2022
    (worst case over augmentations).
    """

    cell: ClassVar[str] = "uncertainty"
    paper: ClassVar[str] = "Zhang, Gong, Liu, He, Chen and Zhou 2022"

    @property
    def needs(self) -> Needs:
        """`PROBS` and `AUGMENTED` of the pool."""
        return Needs(pool=frozenset({PROBS, AUGMENTED}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at least 0; 0 where no augmentation changes the prediction."""
        return worst_divergence(ctx.pool[PROBS], augmented_of(ctx))[0]

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The divergence, and which augmentation does it."""
        augmented = augmented_of(ctx)
        _, which = worst_divergence(ctx.pool[PROBS][rows], augmented[rows])
        many = augmented.shape[1]
        return [
            f"augmentation {w + 1} of {many} moves the prediction by {v:.2g} nats"
            for w, v in zip(which.tolist(), values, strict=True)
        ]
