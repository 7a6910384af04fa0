"""Consistency: how much the prediction changes under augmentations of the input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError
from querist.core.signals import AUGMENTED, Context, Needs
from querist.core.types import Array
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.members import summed_variance

__all__ = ["Consistency", "augmented_of"]


@dataclass(frozen=True, repr=False)
class Consistency(Score):
    """Sum over classes of the population variance of p over augmentations; high where the prediction is inconsistent.

    Source: Gao, Zhang, Yu, Arık, Davis and Pfister, Consistency-Based Semi-Supervised Active Learning: Towards
    Minimizing Labeling Cost, 2020.
    """

    cell: ClassVar[str] = "uncertainty"
    paper: ClassVar[str] = "Gao, Zhang, Yu, Arık, Davis and Pfister 2020"

    @property
    def needs(self) -> Needs:
        """`AUGMENTED` of the pool."""
        return Needs(pool=frozenset({AUGMENTED}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) in [0, 1); 0 where no augmentation changes the prediction."""
        return summed_variance(augmented_of(ctx))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The root of the variance, and over how many augmentations."""
        many = augmented_of(ctx).shape[1]
        return [f"{many} augmentations move the prediction by {np.sqrt(v):.2g} (root mean square)" for v in values]


def augmented_of(ctx: Context) -> Array:
    """The predictions under augmentations, at least one for each item.

    Raises:
        ArgumentError: there is no augmentation (code ``ShapeMismatch``).
    """
    augmented: Array = ctx.pool[AUGMENTED]
    if augmented.shape[1] == 0:
        raise ArgumentError(
            f"augmented must hold at least one augmentation of each item; got shape {tuple(augmented.shape)}",
            code="ShapeMismatch",
        )
    return augmented
