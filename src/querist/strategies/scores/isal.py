"""ISAL: how far an item, answered as the model guesses, would lower the loss of a validation set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import EMBEDDING, LABELS, PROBS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.influence import along, inverse_curvature, residuals, total_gradient
from querist.strategies.kernels.ties import settled
from querist.strategies.methods.last_layer import answered, guessed
from querist.strategies.parameters import check_positive

__all__ = ["Isal"]


@dataclass(frozen=True, repr=False)
class Isal(Score):
    """Influence of an untrained item on the reference set's loss, through the last layer: g_V' H^-1 g(x, guess).

    g_V is the gradient of the mean loss of the reference set, g that of the item at the model's own guess, H the curvature
    (generalised Gauss-Newton) of the mean loss of the labelled items plus ``damping`` I. It is minus the published
    influence, so that higher means that the loss falls more. (The gradient expected under the model's own probabilities is
    0, hence the guess.)

    Source: Liu, Ding, Zhong, Li, Dai and He, Influence Selection for Active Learning, 2021. Rule checked against the
    authors' code.

    Args:
        damping: added to the curvature, above 0.
    """

    damping: float = 0.01
    cell: ClassVar[str] = "influence"
    paper: ClassVar[str] = "Liu, Ding, Zhong, Li, Dai and He 2021"

    def __post_init__(self) -> None:
        """Refuse a bad damping when it is written."""
        check_positive(self.damping, "damping")

    @property
    def needs(self) -> Needs:
        """`PROBS` and `EMBEDDING` of pool and labelled items; these and `LABELS` of the reference set."""
        both = frozenset({PROBS, EMBEDDING})
        return Needs(pool=both, labelled=both, reference=both | {LABELS})

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) of either sign."""
        assert ctx.reference is not None
        probs, x, labels = answered(ctx.reference)
        slope = total_gradient(residuals(probs, labels), x) / len(x)
        way = inverse_curvature(ctx.labelled[PROBS], ctx.labelled[EMBEDDING], float(self.damping), slope)
        return settled(along(*guessed(ctx.pool), way))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The sign in words."""
        return [
            f"trained on, it is expected to {'lower' if v >= 0 else 'raise'} the loss of the reference set "
            f"(influence {v:.3g})"
            for v in values
        ]
