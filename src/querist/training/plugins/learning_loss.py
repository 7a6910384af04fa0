"""Learning loss: a side head learns to rank the losses of items, and tells the loss of those without a label.

Source: Yoo and Kweon, Learning Loss for Active Learning, 2019: figure 2 (the head), equation 2 (the ranking loss), section
4.1 (margin 1, weight 1, and no gradient into the network after 120 of 200 epochs).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from querist.core.errors import ArgumentError
from querist.core.optional import torch as _torch
from querist.core.signals import LOSS, Signal
from querist.training.plugins.base import Batch, Forward, Outputs, Plugin, Shape

__all__ = ["LearningLoss"]


class LearningLoss(Plugin):
    """Publishes `LOSS`, a number without a scale: more where the head expects a larger loss.

    Each layer is averaged over the picture, if it is one, and passed through a linear layer of ``width`` and a ReLU; one
    linear layer reads them all. Items of a batch are paired, the first with the last and so on inwards; a batch of one
    item teaches nothing.

    Args:
        layers: names of the hidden layers that the head reads; None stands for the input of the last linear layer.
        weight: of the ranking loss beside that of the network.
        margin: by which the predictions of a pair must differ.
        stop: share of the training after which the head no longer changes the network, from 0 (never) to 1 (always does).
        width: of what each layer is turned into.
        lr: learning rate of the head (Adam).
    """

    name: ClassVar[str] = "learning_loss"
    publishes: ClassVar[frozenset[Signal]] = frozenset({LOSS})

    def __init__(
        self,
        layers: Sequence[str | None] = (None,),
        *,
        weight: float = 1.0,
        margin: float = 1.0,
        stop: float = 0.6,
        width: int = 128,
        lr: float = 1e-3,
    ) -> None:
        if not layers or isinstance(layers, str):
            raise ArgumentError(f"layers must be a list with at least one name; got {layers!r}", code="BadValue")
        if weight < 0 or margin <= 0 or not 0 <= stop <= 1 or width < 1 or lr <= 0:
            raise ArgumentError(
                f"weight must be 0 or more, margin, width and lr above 0, stop from 0 to 1; got {weight}, {margin}, "
                f"{width}, {lr}, {stop}",
                code="BadValue",
            )
        self.order = tuple(dict.fromkeys(layers))
        self.layers = frozenset(self.order)
        self.weight, self.margin, self.stop, self.width, self.lr = weight, margin, stop, width, lr
        self._head: Any = None
        self._shapes: Mapping[str | None, tuple[int, ...]] = {}

    def start(self, shape: Shape) -> None:
        """One linear layer for each layer looked at, and one for all."""
        nn = _torch().nn
        self._shapes = shape.shapes
        widths = [shape.shapes[k][0] if self._picture(k) else shape.widths[k] for k in self.order]
        each = nn.ModuleList(nn.Linear(w, self.width) for w in widths)
        self._head = nn.ModuleDict({"each": each, "all": nn.Linear(self.width * len(widths), 1)})

    def modules(self) -> Mapping[str, Any]:
        """The head."""
        return {} if self._head is None else {"head": self._head}

    def loss(self, labelled: Batch, unlabelled: Batch | None, outputs: Outputs) -> Any:
        """Equation 2 over the pairs of the labelled batch: mean of max(0, margin - sign * (difference of predictions))."""
        pairs = len(outputs.losses) // 2
        if not pairs:
            return None
        torch = _torch()
        told = self._told(outputs.labelled, still=outputs.share >= self.stop)
        true = outputs.losses.detach()
        sign = torch.where(true[:pairs] > true.flip(0)[:pairs], 1.0, -1.0)
        gap = told[:pairs] - told.flip(0)[:pairs]
        return self.weight * (self.margin - sign * gap).clamp_min(0).mean()

    def signals(self, inputs: Any, forward: Forward) -> Mapping[Signal, Any]:
        """`LOSS` (n,)."""
        return {LOSS: self._told(forward, still=True)}

    def _told(self, forward: Forward, *, still: bool) -> Any:
        torch = _torch()
        parts = []
        for layer, linear in zip(self.order, self._head["each"], strict=True):
            h = forward.hidden[layer]
            h = h.detach() if still else h
            if self._picture(layer):
                channels, *sides = self._shapes[layer]
                h = h.reshape(len(h), channels, math.prod(sides)).mean(dim=2)
            parts.append(linear(h).relu())
        return self._head["all"](torch.cat(parts, dim=1))[:, 0]

    def _picture(self, layer: str | None) -> bool:
        return len(self._shapes[layer]) >= 3
