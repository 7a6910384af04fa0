"""What plug-ins share: their own modules and optimiser, saved with the network; a plug-in overrides what it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from querist.core.optional import torch as _torch
from querist.core.signals import Signal

__all__ = ["Batch", "FitProgress", "Forward", "Outputs", "Plugin", "Shape"]


@dataclass(frozen=True)
class Shape:
    """What a plug-in is told of the network before training.

    Args:
        kind: "single", "multi" or "number": which targets there are.
        outputs: O, outputs of the network.
        widths: width of each layer that `Plugin.layers` names.
        inputs: shape of one item.
        device: where the network trains.
    """

    kind: str
    outputs: int
    widths: Mapping[str | None, int]
    inputs: tuple[int, ...]
    device: Any


@dataclass(frozen=True)
class Batch:
    """Items of one step, on the device.

    Args:
        inputs: (n, ...) tensor.
        targets: as the head encodes them; None for unlabelled items.
        weights: (n,) weights, or None.
    """

    inputs: Any
    targets: Any = None
    weights: Any = None


@dataclass(frozen=True)
class Forward:
    """What the network made of a batch.

    Args:
        logits: (n, O).
        hidden: (n, D) of each layer named.
    """

    logits: Any
    hidden: Mapping[str | None, Any]


@dataclass(frozen=True)
class Outputs:
    """What the network made of a step.

    Args:
        labelled: of the labelled batch.
        unlabelled: of the unlabelled batch, or None.
        losses: (n,) the head's loss of each labelled item, with its gradient.
        share: of the training that is done, from 0 to below 1.
    """

    labelled: Forward
    unlabelled: Forward | None
    losses: Any
    share: float


@dataclass(frozen=True)
class FitProgress:
    """Where a training stands.

    Args:
        epoch: the epoch just done, from 0.
        epochs: how many there are at most.
        module: the network, in training mode.
    """

    epoch: int
    epochs: int
    module: Any


class Plugin:
    """The base: does nothing. All its randomness comes from torch's generators, which the learner seeds and restores."""

    name: ClassVar[str] = ""
    publishes: ClassVar[frozenset[Signal]] = frozenset()
    """Signals that `signals` gives."""

    unlabelled: ClassVar[bool] = False
    """Whether each step needs a batch of unlabelled items as well."""

    kinds: ClassVar[frozenset[str]] = frozenset({"single", "multi", "number"})
    """Kinds of targets that it can be used with."""

    layers: frozenset[str | None] = frozenset({None})
    """Layers it looks at; None is the input of the last linear layer."""

    lr: float = 1e-3
    """Learning rate of its own modules (Adam)."""

    _optimizer: Any = None

    # -- training ------------------------------------------------------------------------------------------------------

    def start(self, shape: Shape) -> None:
        """Make the modules for a network; called before each training, and before weights are loaded."""

    def modules(self) -> Mapping[str, Any]:
        """Modules trained beside the network, by name."""
        return {}

    def loss(self, labelled: Batch, unlabelled: Batch | None, outputs: Outputs) -> Any:
        """What is added to the loss of a step, a scalar tensor; None for nothing."""
        return None

    def after_step(self, labelled: Batch, unlabelled: Batch | None, outputs: Outputs) -> None:
        """After the network's step: a game's other side makes its own step here."""

    def on_epoch(self, progress: FitProgress) -> None:
        """After each epoch."""

    # -- scoring -------------------------------------------------------------------------------------------------------

    def signals(self, inputs: Any, forward: Forward) -> Mapping[Signal, Any]:
        """The published signals of a batch, in evaluation mode and without gradients: tensors of n rows."""
        return {}

    # -- keeping -------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Tensors saved with the network: those of all modules."""
        return {
            f"{name}.{key}": value for name, part in self.modules().items() for key, value in part.state_dict().items()
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take what `state_dict` gave; raises RuntimeError where it does not fit."""
        for name, part in self.modules().items():
            part.load_state_dict({k[len(name) + 1 :]: v for k, v in state.items() if k.startswith(name + ".")})

    # -- used by the loop ----------------------------------------------------------------------------------------------

    def ready(self, shape: Shape) -> None:
        """Make the modules, put them on the device and give them an optimiser."""
        self.start(shape)
        for part in self.modules().values():
            part.to(shape.device).train()
        parameters = [p for part in self.modules().values() for p in part.parameters()]
        self._optimizer = _torch().optim.Adam(parameters, lr=self.lr) if parameters else None

    def clear(self) -> None:
        """Forget the gradients of the last step."""
        if self._optimizer is not None:
            self._optimizer.zero_grad()

    def step(self) -> None:
        """One step of its own modules along the gradients of the common loss."""
        if self._optimizer is not None:
            self._optimizer.step()

    def settle(self) -> None:
        """Training is over: evaluation mode, nothing kept that only training needs."""
        self._optimizer = None
        for part in self.modules().values():
            part.eval()
