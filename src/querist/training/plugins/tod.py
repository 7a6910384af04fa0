"""The training part of temporal output discrepancy: outputs stay near those of an average of earlier networks.

Source: Huang, Wang, Xiong, Huan and Dou, Semi-Supervised Active Learning with Temporal Output Discrepancy, 2021, section
3.4 (the unsupervised loss and its baseline network, an exponential moving average).
"""

from __future__ import annotations

import copy
from typing import Any, ClassVar

from querist.core.errors import ArgumentError
from querist.core.optional import torch as _torch
from querist.training.plugins.base import Batch, FitProgress, Outputs, Plugin

__all__ = ["Tod"]


class Tod(Plugin):
    """Publishes nothing: the strategy ``tod`` reads `HISTORY`, with or without this loss.

    The average is renewed after each epoch and plays no part in the first one. The loss is the mean squared Euclidean
    distance between the probabilities (or numbers) of the network and of the average, over the unlabelled items of a step.

    Args:
        weight: of the loss.
        decay: share of the average that stays when it is renewed, from 0 to below 1.
    """

    name: ClassVar[str] = "tod"
    unlabelled: ClassVar[bool] = True
    layers: frozenset[str | None] = frozenset()

    def __init__(self, *, weight: float = 0.05, decay: float = 0.9) -> None:
        if weight < 0 or not 0 <= decay < 1:
            raise ArgumentError(
                f"weight must be 0 or more and decay from 0 to below 1; got {weight} and {decay}", code="BadValue"
            )
        self.weight, self.decay = weight, decay
        self._teacher: Any = None
        self._say: Any = None

    def start(self, shape: Any) -> None:
        """No average yet."""
        self._teacher = None
        says = {"single": lambda z: z.softmax(dim=1), "multi": lambda z: z.sigmoid(), "number": lambda z: z}
        self._say = says[shape.kind]

    def loss(self, labelled: Batch, unlabelled: Batch | None, outputs: Outputs) -> Any:
        """The distance from the average."""
        if self._teacher is None or unlabelled is None or outputs.unlabelled is None:
            return None
        with _torch().no_grad():
            before = self._say(self._teacher(unlabelled.inputs))
        now = self._say(outputs.unlabelled.logits)
        return self.weight * (now - before).reshape(len(now), -1).square().sum(dim=1).mean()

    def on_epoch(self, progress: FitProgress) -> None:
        """Renew the average."""
        torch = _torch()
        if self._teacher is None:
            self._teacher = copy.deepcopy(progress.module).eval().requires_grad_(False)
            return
        with torch.no_grad():
            for mean, now in zip(self._teacher.parameters(), progress.module.parameters(), strict=True):
                mean.lerp_(now, 1.0 - self.decay)
            for mean, now in zip(self._teacher.buffers(), progress.module.buffers(), strict=True):
                mean.copy_(now)

    def settle(self) -> None:
        """The average is not kept."""
        super().settle()
        self._teacher = None
