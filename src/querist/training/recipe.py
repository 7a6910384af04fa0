"""How a network is trained: the settings that decide a benchmark more than any strategy does."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass, fields
from typing import Literal

from querist.core.errors import ArgumentError

__all__ = ["Recipe"]


@dataclass(frozen=True)
class Recipe:
    """Settings of one training.

    Args:
        optimizer: adam, adamw, nadam or sgd (with momentum .9).
        lr: learning rate.
        weight_decay: L2 penalty (decoupled for adamw).
        epochs: passes over the labels.
        batch_size: items a step.
        drop_last: leave a short last batch out when there is a full one.
        schedule: None, or "cosine" to zero over all steps.
        patience: stop when the loss on the validation part has not improved for this many epochs; None never stops.
        validation: share of the labelled items set aside for ``patience``; test labels are never looked at.
        min_steps: repeat epochs until at least this many steps were made.
        grad_clip: largest norm of the gradient, or None.
        label_smoothing: share of the target spread over all classes.
        warm_start: begin from the last weights instead of fresh ones.
        threads: threads of the processor while fitting; 1 is fastest for small sets.
    """

    optimizer: Literal["adam", "adamw", "nadam", "sgd"] = "adam"
    lr: float = 1e-3
    weight_decay: float = 0.0
    epochs: int = 30
    batch_size: int = 32
    drop_last: bool = False
    schedule: Literal["cosine"] | None = None
    patience: int | None = None
    validation: float = 0.1
    min_steps: int = 0
    grad_clip: float | None = None
    label_smoothing: float = 0.0
    warm_start: bool = False
    threads: int = 1

    def __post_init__(self) -> None:
        """Refuse values out of range, by name.

        Raises:
            ArgumentError: code ``BadValue``.
        """
        for name, least in {"epochs": 1, "batch_size": 1, "patience": 1, "threads": 1, "min_steps": 0}.items():
            value = getattr(self, name)
            if value is None and name == "patience":
                continue
            if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < least:
                raise ArgumentError(f"{name} must be a whole number of {least} or more, got {value!r}", code="BadValue")
        for name in ("lr", "grad_clip", "weight_decay"):
            value = getattr(self, name)
            if value is None and name == "grad_clip":
                continue
            if not (value > 0 or (name == "weight_decay" and value == 0)) or math.isinf(value):
                raise ArgumentError(f"{name} must be above 0 and finite, got {value!r}", code="BadValue")
        if self.schedule not in (None, "cosine"):
            raise ArgumentError(f"schedule must be cosine or None; got {self.schedule!r}", code="BadValue")
        if self.optimizer not in ("adam", "adamw", "nadam", "sgd"):
            raise ArgumentError(f"optimizer must be adam, adamw, nadam or sgd; got {self.optimizer!r}", code="BadValue")
        if not 0 <= self.label_smoothing < 1 or not 0 <= self.validation < 1:
            raise ArgumentError("label_smoothing and validation are shares from 0 to below 1", code="BadValue")

    @classmethod
    def names(cls) -> list[str]:
        """Names of the settings."""
        return [f.name for f in fields(cls)]
