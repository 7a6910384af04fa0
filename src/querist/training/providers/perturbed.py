"""PERTURBED: what the network says when noise is put on its weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from querist.core.errors import ArgumentError
from querist.core.optional import torch as _torch
from querist.core.seeds import derive
from querist.core.signals import PERTURBED, Signal
from querist.core.types import Array
from querist.training.heads import Head
from querist.training.net import Net
from querist.training.providers.base import Provider

__all__ = ["WeightNoise"]


@dataclass(frozen=True)
class WeightNoise(Provider):
    """Probabilities under ``times`` networks whose weights carry noise (N, K, C); network k is the same for all items.

    The noise is Gaussian and scaled to the parameters: of the whole network to ``size`` times the norm of its parameters
    (Li et al., Deep Active Learning with Noise Stability, 2024, equation 2), or tensor by tensor.

    Args:
        times: K.
        size: length of the noise relative to the parameters; several sizes are used by turns.
        each: scale tensor by tensor instead of the network as a whole.
    """

    times: int = 10
    size: float | tuple[float, ...] = 1e-2
    each: bool = False
    name: ClassVar[str] = "perturbed"
    gives: ClassVar[Signal] = PERTURBED

    def check(self, module: Any, head: Head, one: Any) -> None:
        """Class heads only.

        Raises:
            ArgumentError: code ``NeedsCapability`` or ``BadValue``.
        """
        if head.kind == "number":
            raise ArgumentError(
                "perturbed needs class probabilities, and the labels are numbers", code="NeedsCapability"
            )
        if self.times < 1 or not all(s > 0 for s in self._sizes):
            raise ArgumentError(
                f"times must be 1 or more and every size above 0, got {self.times} and {self.size}", code="BadValue"
            )

    @property
    def outputs(self) -> int:
        """K."""
        return self.times

    @property
    def _sizes(self) -> tuple[float, ...]:
        return self.size if isinstance(self.size, tuple) else (self.size,)

    def compute(self, net: Net, rows: Array) -> Array:
        """(N, K, C)."""
        said = []
        for k in range(self.times):
            with self._noisy(net.module, derive(net.seed, "weight noise", k), self._sizes[k % len(self._sizes)]):
                said.append(net.predicted(rows))
        return np.stack(said, axis=1)

    @contextmanager
    def _noisy(self, module: Any, seed: int, size: float) -> Iterator[None]:
        torch = _torch()
        draw = torch.Generator().manual_seed(seed)
        parameters = [p for p in module.parameters() if p.is_floating_point()]
        before = [p.detach().clone() for p in parameters]
        noise = [torch.randn(p.shape, generator=draw).to(p) for p in parameters]
        whole = _norm(before) / max(_norm(noise), 1e-12)
        try:
            with torch.no_grad():
                for p, e in zip(parameters, noise, strict=True):
                    scale = _norm([p]) / max(_norm([e]), 1e-12) if self.each else whole
                    p.add_(e, alpha=size * scale)
            yield
        finally:
            with torch.no_grad():
                for p, kept in zip(parameters, before, strict=True):
                    p.copy_(kept)


def _norm(tensors: list[Any]) -> float:
    return float(sum(float(t.double().square().sum()) for t in tensors) ** 0.5)
