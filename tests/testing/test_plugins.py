"""The suite for plug-ins: what is registered passes, and each check catches its fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pytest
import torch

from querist.core.errors import StateError
from querist.core.registry import registry
from querist.core.signals import LOSS, Signal
from querist.testing.plugins import PLUGIN_CHECKS, check_plugin
from querist.training.plugins.base import Batch, FitProgress, Forward, Outputs, Plugin, Shape

NAMES = tuple(check.__name__ for check in PLUGIN_CHECKS)


@pytest.mark.parametrize("name", ["learning_loss", "tod", "vaal", "waal"])
def test_what_is_registered_keeps_the_contract(name: str) -> None:
    assert check_plugin(registry.find(name, "plugin").factory) == NAMES


def test_every_registered_plugin_is_among_them() -> None:
    assert {e.name for e in registry.entries("plugin")} == {"learning_loss", "tod", "vaal", "waal"}


def test_other_settings() -> None:
    make = registry.find("learning_loss", "plugin").factory
    check_plugin(lambda: make(layers=[None, None], width=3))


class Sound(Plugin):
    """A linear guess of the loss; those below break one rule each."""

    name: ClassVar[str] = "sound"
    publishes: ClassVar[frozenset[Signal]] = frozenset({LOSS})

    def __init__(self) -> None:
        self.guess: Any = None

    def start(self, shape: Shape) -> None:
        self.guess = torch.nn.Linear(shape.widths[None], 1)

    def modules(self) -> Mapping[str, Any]:
        return {} if self.guess is None else {"guess": self.guess}

    def loss(self, labelled: Batch, unlabelled: Batch | None, outputs: Outputs) -> Any:
        return (self.guess(outputs.labelled.hidden[None])[:, 0] - outputs.losses.detach()).square().mean()

    def signals(self, inputs: Any, forward: Forward) -> Mapping[Signal, Any]:
        return {LOSS: self.guess(forward.hidden[None])[:, 0]}


class Single(Sound):
    kinds: ClassVar[frozenset[str]] = frozenset({"number"})


@pytest.mark.parametrize("make", [Sound, Single])
def test_a_sound_one(make: Callable[[], Plugin]) -> None:
    check_plugin(make)


class Silent(Sound):
    def signals(self, inputs: Any, forward: Forward) -> Mapping[Signal, Any]:
        return {LOSS: super().signals(inputs, forward)[LOSS] / 0.0}


class Meddler(Sound):
    def on_epoch(self, progress: FitProgress) -> None:
        with torch.no_grad():
            for p in progress.module.parameters():
                p.mul_(0.9)


class Narrow(Sound):
    def loss(self, labelled: Batch, unlabelled: Batch | None, outputs: Outputs) -> Any:
        return torch.nn.functional.one_hot(labelled.targets, 3).float().mean()


class Forgetful(Sound):
    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Nothing was kept."""


class Clinging(Sound):
    def start(self, shape: Shape) -> None:
        if self.guess is None:
            super().start(shape)


class Restless(Sound):
    def signals(self, inputs: Any, forward: Forward) -> Mapping[Signal, Any]:
        self.guess.bias.add_(1.0)
        return super().signals(inputs, forward)


class Relative(Sound):
    def signals(self, inputs: Any, forward: Forward) -> Mapping[Signal, Any]:
        guess = super().signals(inputs, forward)[LOSS]
        return {LOSS: guess - guess.max()}


class Needy(Sound):
    unlabelled: ClassVar[bool] = True

    def loss(self, labelled: Batch, unlabelled: Batch | None, outputs: Outputs) -> Any:
        assert outputs.unlabelled is not None
        return outputs.unlabelled.hidden[None].square().mean()


class Lucky(Sound):
    drawn = 0

    def start(self, shape: Shape) -> None:
        super().start(shape)
        Lucky.drawn += 1
        torch.nn.init.constant_(self.guess.bias, float(Lucky.drawn))


@pytest.mark.parametrize(
    ("make", "check"),
    [
        (Silent, "publishes_what_it_says"),
        (Meddler, "changes_training_only_by_its_loss"),
        (Lucky, "same_seed_same_model"),
        (Clinging, "fitting_again_forgets"),
        (Restless, "scoring_changes_nothing"),
        (Relative, "items_stand_for_themselves"),
        (Forgetful, "saved_is_loaded"),
        (Needy, "few_items_work"),
        (Narrow, "takes_the_targets_it_names"),
    ],
)
def test_each_fault_is_found(make: Callable[[], Plugin], check: str) -> None:
    with pytest.raises(StateError, match=rf"^{check}") as error:
        check_plugin(make)
    assert error.value.code == "Contract"
