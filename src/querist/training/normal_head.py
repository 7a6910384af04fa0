"""The normal head: a number an item with the noise of its answer; two outputs, mean and log variance.

Source: Nix and Weigend, Estimating the Mean and Variance of the Target Probability Distribution, 1994; Seitzer, Tavakoli,
Antic and Martius, On the Pitfalls of Heteroscedastic Uncertainty Estimation, 2022, equation 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from querist.core.errors import ArgumentError
from querist.core.signals import NOISE, PREDICTION, Signal
from querist.core.types import Array
from querist.data.schema import Schema
from querist.training.heads import Head, Scale
from querist.training.heteroscedastic import OUTPUTS, losses, read

__all__ = ["NormalHead"]


@dataclass(frozen=True)
class NormalHead(Head):
    """A number and its noise; the network must give two outputs.

    Args:
        beta: from 0 (the plain likelihood) to 1 (each loss weighed by the variance, which learns the mean as the squared
            error does).
    """

    beta: float = 0.5
    kind: ClassVar[str] = "number"
    provides: ClassVar[frozenset[Signal]] = frozenset({PREDICTION, NOISE})

    def __post_init__(self) -> None:
        """``beta`` is from 0 to 1."""
        if not 0 <= self.beta <= 1:
            raise ArgumentError(f"beta must be from 0 to 1, got {self.beta!r}", code="BadValue")

    def width(self, schema: Schema) -> int:
        """Two: mean and log variance."""
        return OUTPUTS

    def losses(self, outputs: Any, targets: Any, smoothing: float = 0.0) -> Any:
        """(n,) negative log-likelihood in nats, without its constant; there is nothing to smooth."""
        return losses(outputs, targets, self.beta)

    def read(self, outputs: Any, names: frozenset[Signal], scale: Scale) -> dict[Signal, Array]:
        """`PREDICTION` (N,) and `NOISE` (N,), a variance, in the units of the answers."""
        told = read(outputs, scale.mean, scale.deviation)
        return {signal: told[signal.name] for signal in (PREDICTION, NOISE) if signal in names}
