"""HISTORY: what the network said earlier: over the epochs of this training, or over the rounds before it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from querist.core.errors import ArgumentError
from querist.core.optional import torch as _torch
from querist.core.signals import HISTORY, Signal
from querist.core.types import Array
from querist.models.stochastic.posterior import Watcher
from querist.training.heads import Head, Scale
from querist.training.net import Net
from querist.training.providers.base import Provider
from querist.training.weights import read_weights

__all__ = ["EpochHistory", "RoundHistory"]

_SCALE = "#scale"
"""Beside the weights of an earlier round: mean and deviation of the numbers that it was trained on."""


@dataclass(frozen=True)
class _History(Provider):
    """What both kinds share: earlier weights are kept, and outputs are computed when they are asked for."""

    steps: int = 2
    name: ClassVar[str] = "history"
    gives: ClassVar[Signal] = HISTORY

    def check(self, module: Any, head: Head, one: Any) -> None:
        """At least one step.

        Raises:
            ArgumentError: code ``BadValue``.
        """
        if self.steps < 1:
            raise ArgumentError(f"steps of a history must be 1 or more, got {self.steps}", code="BadValue")

    @property
    def outputs(self) -> int:
        """T, at most."""
        return self.steps + 1

    def compute(self, net: Net, rows: Array) -> Array:
        """(N, T, C) probabilities or (N, T) numbers, the oldest first; the last is what the network says now."""
        kept = net.tensors.get(self.name, {})
        numbers = sorted({int(key.split(".", 1)[0]) for key in kept})
        module = copy.deepcopy(net.module) if numbers else None
        said = []
        for k in numbers:
            state = _part(kept, k)
            then = state.pop(_SCALE, None)
            of_then = net if then is None else replace(net, scale=Scale(*then.tolist()))
            said.append(_with_state(of_then, module, state, rows))
        said.append(net.now(rows))
        return np.stack(said, axis=1)


def _part(kept: Mapping[str, Any], number: int) -> dict[str, Any]:
    return {key.split(".", 1)[1]: value for key, value in kept.items() if int(key.split(".", 1)[0]) == number}


def _with_state(net: Net, module: Any, state: dict[str, Any], rows: Array) -> Array:
    """What the network said with other weights; a class that it did not know then has probability 0."""
    own = module.state_dict()
    grown = [k for k, v in state.items() if k in own and own[k].shape != v.shape]
    if not grown:
        module.load_state_dict(state)
        return net.predicted(rows, module)
    older = copy.deepcopy(module)
    for key in grown:  # the layer of the old width, in the place of the new one
        owner, _, leaf = key.rpartition(".")
        setattr(older.get_submodule(owner), leaf, _torch().nn.Parameter(state[key].clone(), requires_grad=False))
    older.load_state_dict(state)
    return net.predicted(rows, older)


@dataclass(frozen=True)
class EpochHistory(_History):
    """The outputs after ``steps`` epochs, evenly spread over the training, and at its end: (N, steps + 1, ...).

    Args:
        steps: earlier epochs that are kept; fewer when there are fewer epochs.
    """

    steps: int = 4

    def watch(self) -> Watcher:
        """Copies the weights as the epochs go by."""
        return _Copies(self.steps)

    def finish(self, module: Any, watcher: Watcher | None, previous: Path | None) -> dict[str, Any]:
        """The copies."""
        assert isinstance(watcher, _Copies)
        return {f"{k}.{key}": value for k, state in enumerate(watcher.states) for key, value in state.items()}


class _Copies:
    """Keeps the weights after evenly spread epochs, without the last one."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.states: list[dict[str, Any]] = []

    def on_epoch(self, module: Any, epoch: int, epochs: int) -> None:
        """Copy where a step is due."""
        count = min(self.steps, epochs - 1)
        due = {round((k + 1) * epochs / (count + 1)) - 1 for k in range(count)}
        if epoch in due:
            self.states.append({k: v.detach().cpu().clone() for k, v in module.state_dict().items()})


@dataclass(frozen=True)
class RoundHistory(_History):
    """The outputs of the models of the ``steps`` rounds before, and of this one: (N, up to steps + 1, ...).

    The model of the round before is what the session hands to the fit; a session without artifacts keeps none, and then
    there is one output only.

    Args:
        steps: earlier rounds that are kept.
    """

    steps: int = 1

    def finish(self, module: Any, watcher: Watcher | None, previous: Path | None) -> dict[str, Any]:
        """The weights of the rounds before, the oldest first."""
        if previous is None:
            return {}
        tensors, config = read_weights(previous, "torch")
        prefix = f"{self.name}::"
        own = {k: v for k, v in tensors.items() if "::" not in k}
        own[_SCALE] = _torch().tensor([float(v) for v in config["scale"]], dtype=_torch().float64)
        earlier = {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}
        numbers = sorted({int(key.split(".", 1)[0]) for key in earlier})
        states = [*(_part(earlier, k) for k in numbers), own][-self.steps :]
        return {f"{k}.{key}": value for k, state in enumerate(states) for key, value in state.items()}
