"""Sharpness: how bad the loss at the predicted label gets when the model is perturbed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentTypeError, shorten
from querist.core.signals import PERTURBED, PROBS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.perturbed import worst_loss

__all__ = ["Sharpness"]


@dataclass(frozen=True, repr=False)
class Sharpness(Score):
    """Largest loss -log p at the predicted label over the perturbations of the model, in nats.

    With the paper's perturbation, one step of length rho up the gradient of that loss, given as the one perturbation of
    each item, it is the paper's score; with random perturbations of the same length it is a bound from below.
    Probabilities are floored at 1e-12.

    Args:
        difference: rate by how much the loss grows instead of by the loss reached.

    Source: Kim, Cho, Jang, Na, Kim, Song, Kang and Moon, SAAL: Sharpness-Aware Active Learning, 2023.
    """

    difference: bool = False
    cell: ClassVar[str] = "influence"
    paper: ClassVar[str] = "Kim et al. 2023"

    def __post_init__(self) -> None:
        """The switch is True or False."""
        if self.difference not in (True, False) or not isinstance(self.difference, (bool, int)):
            raise ArgumentTypeError(
                f"difference must be True or False, got {type(self.difference).__name__} {shorten(self.difference)}",
                code="BadParameter",
            )
        object.__setattr__(self, "difference", bool(self.difference))

    @property
    def needs(self) -> Needs:
        """`PROBS` and `PERTURBED` of the pool."""
        return Needs(pool=frozenset({PROBS, PERTURBED}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) in nats; at least 0 unless ``difference``."""
        plain, worst = worst_loss(ctx.pool[PROBS], ctx.pool[PERTURBED])
        return worst - plain if self.difference else worst

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The loss reached, or its growth."""
        word = "grows by" if self.difference else "reaches"
        return [f"its loss at the predicted label {word} {v:.3g} nats under perturbation" for v in values]
