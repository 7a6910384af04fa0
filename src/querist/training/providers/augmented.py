"""AUGMENTED: what the network says about altered copies of the input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from querist.core.errors import ArgumentError
from querist.core.optional import torch as _torch
from querist.core.seeds import derive
from querist.core.signals import AUGMENTED, Signal
from querist.core.types import Array
from querist.training.heads import Head
from querist.training.net import Net
from querist.training.providers.base import Compute, Provider
from querist.training.scoring import Scorer

__all__ = ["Augmented", "feature_noise"]


def feature_noise(deviation: float = 0.1) -> Callable[[Any, Any], Any]:
    """An augmentation for any input of numbers: Gaussian noise of this standard deviation."""

    def noisy(inputs: Any, generator: Any) -> Any:
        return inputs + deviation * _torch().randn(inputs.shape, generator=generator).to(inputs)

    return noisy


@dataclass(frozen=True)
class Augmented(Provider):
    """Probabilities under ``times`` augmentations of the input (N, A, C), drawn by the seed of the fit.

    Args:
        augment: (inputs (n, ...), generator) -> inputs (n, ...), drawing from the generator only; by default noise.
        times: A.
    """

    augment: Callable[[Any, Any], Any] | None = None
    times: int = 4
    name: ClassVar[str] = "augmented"
    gives: ClassVar[Signal] = AUGMENTED

    def check(self, module: Any, head: Head, one: Any) -> None:
        """Class heads only; the default noise needs inputs of real numbers.

        Raises:
            ArgumentError: code ``NeedsCapability``.
        """
        if head.kind == "number":
            raise ArgumentError(
                "augmented needs class probabilities, and the labels are numbers", code="NeedsCapability"
            )
        if self.times < 1:
            raise ArgumentError(f"times must be 1 or more, got {self.times}", code="BadValue")
        if self.augment is None and not one.is_floating_point():
            raise ArgumentError(
                "augmented by noise needs inputs of real numbers, and these are whole ones; pass augment=",
                code="NeedsCapability",
            )

    @property
    def outputs(self) -> int:
        """A."""
        return self.times

    def compute(self, net: Net, rows: Array) -> Array:
        """(N, A, C)."""
        return np.asarray(self.begin()(net, rows))

    def begin(self) -> Compute:
        """Each augmentation draws on from one shard to the next."""
        augment, draws = self.augment or feature_noise(), list[Any]()

        def compute(net: Net, rows: Array) -> Array:
            if not draws:
                seeds = [derive(net.seed, "augment", a) for a in range(self.times)]
                draws.extend(_torch().Generator().manual_seed(seed) for seed in seeds)
            altered = [_Altered(net.scorer, partial(_drawn, augment, draw)) for draw in draws]
            return np.stack([net.said(scorer.run(net.module, rows)[0]) for scorer in altered], axis=1)

        return compute


def _drawn(augment: Callable[[Any, Any], Any], draw: Any, inputs: Any) -> Any:
    return augment(inputs, draw)


class _Altered(Scorer):
    """A scorer whose inputs pass through an augmentation."""

    def __init__(self, scorer: Scorer, augment: Callable[[Any], Any]) -> None:
        inputs: Any = _Through(scorer.inputs, augment)
        super().__init__(inputs, scorer.device, scorer.batch, to_cpu=scorer.to_cpu)


class _Through:
    """Inputs that are altered on the way."""

    def __init__(self, inputs: Any, augment: Callable[[Any], Any]) -> None:
        self._inputs, self._augment, self.source = inputs, augment, inputs.source

    def take(self, rows: Array) -> Any:
        return self._augment(self._inputs.take(rows))
