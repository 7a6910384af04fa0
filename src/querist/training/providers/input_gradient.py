"""INPUT_GRAD: the gradient of the loss at the predicted label with respect to the input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from querist.core.errors import ArgumentError
from querist.core.large import Filled
from querist.core.optional import torch as _torch
from querist.core.signals import INPUT_GRAD, Signal
from querist.core.types import Array
from querist.models.guard import untouched
from querist.training.heads import Head
from querist.training.memory import with_smaller_batches
from querist.training.net import Net
from querist.training.providers.base import Provider

__all__ = ["InputGradient"]


@dataclass(frozen=True)
class InputGradient(Provider):
    """(N, ...) gradient of the head's loss, as a rule cross entropy, at the predicted class: in the shape of the inputs."""

    name: ClassVar[str] = "input_grad"
    gives: ClassVar[Signal] = INPUT_GRAD

    def check(self, module: Any, head: Head, one: Any) -> None:
        """One class an item, and inputs of real numbers.

        Raises:
            ArgumentError: code ``NeedsCapability``.
        """
        if head.kind != "single" or not one.is_floating_point():
            raise ArgumentError(
                "input_grad needs one class an item and inputs of real numbers, not tokens", code="NeedsCapability"
            )

    def compute(self, net: Net, rows: Array) -> Array:
        """Batch by batch; the gradient of each item is its own, as the losses are added up."""
        scorer = net.scorer
        return with_smaller_batches(
            lambda batch, device: self._pass(net, rows, batch, device),
            scorer.batch,
            scorer.device,
            to_cpu=scorer.to_cpu,
        )

    def _pass(self, net: Net, rows: Array, batch: int, device: Any) -> Array:
        torch = _torch()
        module = net.module.to(device)
        out = Filled(len(rows))
        with untouched(module), torch.enable_grad():
            for p in module.parameters():
                p.requires_grad_(False)
            for start in range(0, max(len(rows), 1), batch):
                x = net.scorer.inputs.take(rows[start : start + batch]).to(device).clone().requires_grad_(True)
                outputs = module(x)
                loss = net.head.losses(outputs, outputs.argmax(dim=1)).sum()
                (gradient,) = torch.autograd.grad(loss, x)
                out.add(gradient.float().cpu().numpy())
        return out.done()
