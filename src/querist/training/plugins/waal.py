"""WAAL: a Wasserstein critic of labelled and unlabelled features, which the network learns to bring together.

Source: Shui, Zhou, Gagné and Wang, Deep Active Learning: Unified and Principled Method for Query and Training, 2020,
section 4.1 (the two-player training); Gulrajani, Ahmed, Arjovsky, Dumoulin and Courville, Improved Training of Wasserstein
GANs, 2017, equation 3 (the gradient penalty).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from querist.core.errors import ArgumentError
from querist.core.optional import torch as _torch
from querist.core.signals import CRITIC, Signal
from querist.training.plugins.base import Batch, Forward, Outputs, Plugin, Shape

__all__ = ["Waal"]


class Waal(Plugin):
    """Publishes `CRITIC`: high where an item is unlike what is labelled. Only differences of its values mean anything.

    The network adds ``weight`` times (mean critic of unlabelled - mean critic of labelled features) to its loss; after each
    of its steps the critic makes one that widens the same difference, its slope held near 1.

    Args:
        layer: whose output is judged; None is the input of the last linear layer.
        weight: of the distance in the network's loss.
        penalty: weight of (slope - 1) squared, between labelled and unlabelled features.
        width: of the two hidden layers of the critic.
        lr: learning rate of the critic (Adam).
    """

    name: ClassVar[str] = "waal"
    publishes: ClassVar[frozenset[Signal]] = frozenset({CRITIC})
    unlabelled: ClassVar[bool] = True

    def __init__(
        self,
        layer: str | None = None,
        *,
        weight: float = 1e-2,
        penalty: float = 10.0,
        width: int = 128,
        lr: float = 1e-3,
    ) -> None:
        if weight < 0 or penalty < 0 or width < 1 or lr <= 0:
            raise ArgumentError(
                f"weight and penalty must be 0 or more, width 1 or more, lr above 0; got {weight}, {penalty}, {width}, "
                f"{lr}",
                code="BadValue",
            )
        self.layer, self.layers = layer, frozenset({layer})
        self.weight, self.penalty, self.width, self.lr = weight, penalty, width, lr
        self._critic: Any = None

    def start(self, shape: Shape) -> None:
        """The critic: two hidden layers."""
        nn, w = _torch().nn, self.width
        first = nn.Linear(shape.widths[self.layer], w)
        self._critic = nn.Sequential(first, nn.ReLU(), nn.Linear(w, w), nn.ReLU(), nn.Linear(w, 1))

    def modules(self) -> Mapping[str, Any]:
        """The critic."""
        return {} if self._critic is None else {"critic": self._critic}

    def step(self, scaler: Any = None) -> None:
        """Nothing: the gradients of the common loss are the network's; the critic moves the other way in `after_step`."""

    def loss(self, labelled: Batch, unlabelled: Batch | None, outputs: Outputs) -> Any:
        """``weight`` times the distance that the critic sees."""
        if outputs.unlabelled is None or not self.weight:
            return None
        return self.weight * self._distance(outputs.labelled.hidden[self.layer], outputs.unlabelled.hidden[self.layer])

    def after_step(self, labelled: Batch, unlabelled: Batch | None, outputs: Outputs) -> None:
        """One step of the critic: a larger distance, with a slope near 1."""
        if outputs.unlabelled is None or self._optimizer is None:
            return
        known = outputs.labelled.hidden[self.layer].detach().float()
        new = outputs.unlabelled.hidden[self.layer].detach().float()
        self._optimizer.zero_grad()  # also of what the common loss left
        (self.penalty * self._excess(known, new) - self._distance(known, new)).backward()
        self._optimizer.step()

    def signals(self, inputs: Any, forward: Forward) -> Mapping[Signal, Any]:
        """`CRITIC` (n,)."""
        return {CRITIC: self._critic(forward.hidden[self.layer])[:, 0]}

    def _distance(self, known: Any, new: Any) -> Any:
        return self._critic(new).mean() - self._critic(known).mean()

    def _excess(self, known: Any, new: Any) -> Any:
        """Mean squared excess of the critic's slope over 1, at points drawn between pairs of both kinds."""
        torch = _torch()
        n = min(len(known), len(new))
        share = torch.rand(n, 1, device=known.device)
        between = (share * known[:n] + (1 - share) * new[:n]).requires_grad_(True)
        (slope,) = torch.autograd.grad(self._critic(between).sum(), between, create_graph=True)
        return (slope.norm(dim=1) - 1.0).square().mean()
