"""How a network is trained: the settings that decide a benchmark more than any strategy does."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass, fields
from typing import Literal

from querist.core.errors import ArgumentError

__all__ = ["Recipe"]

_CHOICES: dict[str, tuple[str | None, ...]] = {
    "optimizer": ("adam", "adamw", "nadam", "sgd"),
    "schedule": ("cosine", None),
    "class_weights": ("balanced", None),
    "sampling": ("balanced", None),
    "precision": ("float32", "bfloat16", "float16"),
}


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
        shrink: with ``warm_start``, what the last weights are multiplied by (shrink and perturb; Ash and Adams, On
            Warm-Starting Neural Network Training, 2020, take .3 to .6).
        perturb: with ``warm_start``, the share of freshly drawn weights that is added.
        class_weights: "balanced" lets every class weigh alike in the loss; None leaves items as they are.
        sampling: "balanced" draws items of every class equally often; None takes each item once an epoch.
        backbone_lr: factor of the learning rate for all but the last linear layer, for fine-tuning.
        warmup: share of all steps over which the learning rate rises from zero.
        accumulate: batches whose gradients are added up before a step.
        precision: float32, or bfloat16 or float16 for mixed precision.
        processes: devices of one machine to train on, through accelerate; 1 trains in this process.
        threads: threads of the processor while fitting; 1 is fastest for small sets.
        cpu_fallback: whether the processor takes over, in training and scoring, when the device has no memory for a batch
            of one; False raises the named error instead.
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
    shrink: float = 1.0
    perturb: float = 0.0
    class_weights: Literal["balanced"] | None = None
    sampling: Literal["balanced"] | None = None
    backbone_lr: float = 1.0
    warmup: float = 0.0
    accumulate: int = 1
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    processes: int = 1
    threads: int = 1
    cpu_fallback: bool = True

    def __post_init__(self) -> None:
        """Refuse values out of range, by name.

        Raises:
            ArgumentError: code ``BadValue``.
        """
        least = {
            "epochs": 1,
            "batch_size": 1,
            "patience": 1,
            "threads": 1,
            "accumulate": 1,
            "processes": 1,
            "min_steps": 0,
        }
        for name, low in least.items():
            value = getattr(self, name)
            if value is None and name == "patience":
                continue
            if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < low:
                raise ArgumentError(f"{name} must be a whole number of {low} or more, got {value!r}", code="BadValue")
        for name in ("lr", "grad_clip", "weight_decay", "shrink", "perturb", "backbone_lr"):
            value = getattr(self, name)
            if value is None and name == "grad_clip":
                continue
            zero = name in ("weight_decay", "perturb", "shrink", "backbone_lr")
            if not (value > 0 or (zero and value == 0)) or math.isinf(value):
                raise ArgumentError(f"{name} must be above 0 and finite, got {value!r}", code="BadValue")
        for name in ("drop_last", "warm_start", "cpu_fallback"):
            if not isinstance(getattr(self, name), bool):
                raise ArgumentError(f"{name} must be True or False, got {getattr(self, name)!r}", code="BadValue")
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                words = ", ".join(k for k in known if k is not None) + (" or None" if None in known else "")
                raise ArgumentError(f"{name} must be {words}; got {getattr(self, name)!r}", code="BadValue")
        if not 0 <= self.label_smoothing < 1 or not 0 <= self.validation < 1 or not 0 <= self.warmup < 1:
            raise ArgumentError("label_smoothing, validation and warmup are shares from 0 to below 1", code="BadValue")
        if (self.shrink != 1.0 or self.perturb) and not self.warm_start:
            raise ArgumentError("shrink and perturb change the last weights: set warm_start=True too", code="BadValue")

    @classmethod
    def names(cls) -> list[str]:
        """Names of the settings."""
        return [f.name for f in fields(cls)]
