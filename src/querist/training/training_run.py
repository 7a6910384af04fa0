"""What one training is about: the examples, the loss, the settings and the seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from querist.training.heads import Head
from querist.training.recipe import Recipe

__all__ = ["TrainingRun"]


@dataclass(frozen=True)
class TrainingRun:
    """One training of a network, or of several on the same examples.

    Args:
        x: (L, ...) inputs.
        y: (L,) or (L, C) targets as ``head.encode`` gives them.
        weights: (L,) sample weights, or None.
        head: what the outputs mean, and with it the loss.
        recipe: the settings.
        seed: of the order of the items and of the validation part.
        batch: items a step (`Recipe.batch_size`, or less after running out of memory).
        validation: inputs and targets to validate on when patience is asked for; by default a share of the labels.
    """

    x: Any
    y: Any
    weights: Any
    head: Head
    recipe: Recipe
    seed: int
    batch: int
    validation: tuple[Any, Any] | None = None

    def to(self, device: Any) -> TrainingRun:
        """The same with its tensors on another device."""
        held = None if self.validation is None else (self.validation[0].to(device), self.validation[1].to(device))
        weights = None if self.weights is None else self.weights.to(device)
        return replace(self, x=self.x.to(device), y=self.y.to(device), weights=weights, validation=held)
