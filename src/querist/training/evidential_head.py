"""The evidential head: outputs are evidence for each class, and probabilities the mean of a Dirichlet distribution.

Source: Sensoy, Kaplan and Kandemir, Evidential Deep Learning to Quantify Classification Uncertainty, 2018, equations 1, 2
and 5, and the annealed regulariser of section 4.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from querist.core.errors import ArgumentError
from querist.core.optional import torch as _torch
from querist.core.signals import PROBS, VACUITY, Signal
from querist.core.types import Array
from querist.training.evidential import losses, read
from querist.training.heads import Head, Scale

__all__ = ["EvidentialHead"]


@dataclass(frozen=True)
class EvidentialHead(Head):
    """One class an item, told as evidence; a network with C outputs, as for `ClassHead`.

    The weight of the regulariser, a divergence from no evidence at all, rises evenly from 0 to 1 over the first ``ramp`` of
    the training. The paper counts ten epochs; with few labels these are a few steps, after which the regulariser keeps the
    network from learning anything: 100 digits are learned to .10 with ``ramp`` 0.2 and to .73 with 1. It learns slower than
    `ClassHead`: give it more epochs or a larger learning rate.

    Args:
        ramp: share of the training over which the regulariser comes in, from 0 (at once) to 1.
        anneal: its weight now; set by `at`.
    """

    ramp: float = 1.0
    anneal: float = 1.0
    kind: ClassVar[str] = "single"
    provides: ClassVar[frozenset[Signal]] = frozenset({PROBS, VACUITY})
    likelihood: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Both are from 0 to 1."""
        for name in ("ramp", "anneal"):
            if not 0 <= getattr(self, name) <= 1:
                raise ArgumentError(f"{name} must be from 0 to 1, got {getattr(self, name)!r}", code="BadValue")

    def at(self, share: float) -> EvidentialHead:
        """With the weight of the regulariser that is due."""
        return replace(self, anneal=1.0 if share >= self.ramp else share / self.ramp)

    def losses(self, outputs: Any, targets: Any, smoothing: float = 0.0) -> Any:
        """(n,) expected squared error of the probabilities, plus the regulariser; smoothing draws towards equal shares."""
        if smoothing:
            classes = outputs.shape[1]
            if targets.ndim == 1:
                targets = _torch().nn.functional.one_hot(targets, classes).to(outputs.dtype)
            targets = targets * (1.0 - smoothing) + smoothing / classes
        return losses(outputs, targets, self.anneal)

    def read(self, outputs: Any, names: frozenset[Signal], scale: Scale) -> dict[Signal, Array]:
        """`PROBS` (N, C), the means of the Dirichlet distributions, and `VACUITY` (N,), what they have no evidence for."""
        wanted = names & self.provides
        if not wanted:
            return {}
        told = read(outputs)
        return {signal: told[signal.name] for signal in wanted}
