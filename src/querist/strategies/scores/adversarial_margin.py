"""Adversarial margin: how far an item is from the decision boundary, measured by attacking it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, DataError, shorten
from querist.core.signals import Context, Needs
from querist.strategies.algebra import FloatArray, Score

__all__ = ["AdversarialMargin"]

ATTACKS = ("deepfool", "bim")


@dataclass(frozen=True, repr=False)
class AdversarialMargin(Score):
    """Minus the length of the smallest perturbation of the input, found by an attack, that changes the predicted label.

    The learner attacks: its ability ``adversarial_margin(items, attack=...)`` takes N ids and gives (N,) Euclidean
    lengths, infinite where the attack did not succeed. Those items are rated below all others.

    Args:
        attack: "deepfool" (linearise and step to the nearest boundary, repeat) or "bim" (small steps along the sign of
            the gradient).

    Source: Ducoffe and Precioso, Adversarial Active Learning for Deep Networks: a Margin Based Approach, 2018,
    algorithm 1 (DeepFool); Kurakin, Goodfellow and Bengio, Adversarial Examples in the Physical World, 2017, section 2.2.
    """

    attack: str = "deepfool"
    cell: ClassVar[str] = "uncertainty"
    paper: ClassVar[str] = "Ducoffe and Precioso 2018; Kurakin, Goodfellow and Bengio 2017"

    def __post_init__(self) -> None:
        """The attack is one of `ATTACKS`."""
        if not isinstance(self.attack, str):
            raise ArgumentTypeError(
                f"attack must be one of {', '.join(ATTACKS)}; got {type(self.attack).__name__} {shorten(self.attack)}",
                code="BadParameter",
            )
        if self.attack not in ATTACKS:
            raise ArgumentError(
                f"attack must be one of {', '.join(ATTACKS)}; got {shorten(self.attack)}", code="BadParameter"
            )

    @property
    def needs(self) -> Needs:
        """The capability ``adversarial_margin`` of the learner."""
        return Needs(capabilities=frozenset({"adversarial_margin"}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at most 0.

        Raises:
            ArgumentError: the learner cannot attack (code ``NeedsCapability``).
            DataError: it gave NaN, negative or too few lengths (code ``BadScores``).
        """
        attack: Any = ctx.capabilities.get("adversarial_margin")
        if attack is None:
            raise ArgumentError(
                f"{self} needs the capability 'adversarial_margin' of a learner; use a Session with a learner that has it",
                code="NeedsCapability",
            )
        items = np.arange(ctx.size) if ctx.ids is None else ctx.ids
        lengths = np.array(attack(items, attack=self.attack), dtype=np.float64)
        if lengths.shape != (ctx.size,) or np.isnan(lengths).any() or (lengths < 0).any():
            raise DataError(
                f"adversarial_margin of the learner must give {ctx.size} lengths ≥ 0; it gave shape {lengths.shape}, "
                f"{int(np.isnan(lengths).sum())} NaN, {int((lengths < 0).sum())} negative",
                code="BadScores",
            )
        beyond = np.isinf(lengths)
        lengths[beyond] = 2.0 * lengths[~beyond].max(initial=0.0) + 1.0  # finite, and below all others
        return -lengths

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The length of the attack."""
        return [f"an attack of length {-v:.3g} changes its label ({self.attack})" for v in values]
