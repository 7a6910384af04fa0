"""dynamicAL: how much faster the model would train with an item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import EMBEDDING, LABELS, PROBS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.influence import along, residuals, total_gradient
from querist.strategies.kernels.ties import settled
from querist.strategies.methods.last_layer import answered, guessed

__all__ = ["DynamicAl"]


@dataclass(frozen=True, repr=False)
class DynamicAl(Score):
    """Change of training dynamics of the last layer: |g|^2 + 2 <g, G>, g the item's gradient at the model's own guess.

    G is the sum of the gradients of the labelled items at their labels. The training loss falls at the rate |G|^2 under
    gradient flow; with the item it would fall at |G + g|^2, and the score is the difference.

    Source: Wang, Huang, Wu, Tong, Margenot and He, Deep Active Learning by Leveraging Training Dynamics, 2022. Rule
    checked against the authors' code.
    """

    text_name: ClassVar[str] = "dynamic_al"
    cell: ClassVar[str] = "influence"
    paper: ClassVar[str] = "Wang, Huang, Wu, Tong, Margenot and He 2022"

    @property
    def needs(self) -> Needs:
        """`PROBS` and `EMBEDDING` of pool and labelled items, and `LABELS` of these."""
        both = frozenset({PROBS, EMBEDDING})
        return Needs(pool=both, labelled=both | {LABELS})

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) of either sign."""
        probs, x, labels = answered(ctx.labelled)
        residual, h = guessed(ctx.pool)
        own = np.square(residual).sum(axis=1) * np.square(h, dtype=np.float64).sum(axis=1)
        with_labelled = along(residual, h, total_gradient(residuals(probs, labels), x))
        return settled(own + 2.0 * with_labelled, float(np.abs(with_labelled).max()))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The difference."""
        return [f"training would go faster by {v:.3g} (squared length of the gradient)" for v in values]
