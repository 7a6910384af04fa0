"""What plug-ins share: their own modules and optimiser, saved with the network; a plug-in overrides what it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
        shapes: shape of what such a layer gives for one item; its product is the width.
        inputs: shape of one item.
        device: where the network trains.
    """

    kind: str
    outputs: int
    widths: Mapping[str | None, int]
    inputs: tuple[int, ...]
    device: Any
    shapes: Mapping[str | None, tuple[int, ...]] = field(default_factory=dict)


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
    """The base: does nothing; a plug-in overrides what it changes.

    All its randomness comes from torch's global generators: around each call the learner seeds them from the seed of the
    fit, the name of the plug-in and the step, and puts them back, so that the network draws as it would without it.
    """

    name: ClassVar[str] = ""
    publishes: ClassVar[frozenset[Signal]] = frozenset()
    """Signals that `signals` gives."""

    unlabelled: ClassVar[bool] = False
    """Whether each step needs a batch of unlabelled items as well."""

    onlooker: ClassVar[bool] = False
    """Whether it only looks on: it adds no loss and is shown, in `after_step`, the network in evaluation mode and without
    gradients. The network's weights are then bitwise those of a training without it."""

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
        """What is added to the loss of a step, a scalar tensor; None for nothing.

        ``unlabelled`` and ``outputs.unlabelled`` are None where no item is left without a label.
        """
        return None

    def after_step(self, labelled: Batch, unlabelled: Batch | None, outputs: Outputs) -> None:
        """After the network's step: a game's other side makes its own step here.

        The graph of the step is gone: take the values with ``detach()``. With half precision they may be of that kind.
        """

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

    def step(self, scaler: Any = None) -> None:
        """One step of its own modules along the gradients of the common loss; ``scaler`` scales those of float16."""
        if self._optimizer is not None and any(p.grad is not None for g in self._groups() for p in g["params"]):
            self._optimizer.step() if scaler is None else scaler.step(self._optimizer)

    def _groups(self) -> list[Any]:
        return list(self._optimizer.param_groups)

    def settle(self) -> None:
        """Training is over: evaluation mode, nothing kept that only training needs."""
        self._optimizer = None
        for part in self.modules().values():
            part.eval()
