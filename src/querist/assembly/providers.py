"""What a learner of networks is equipped with for a strategy: plug-ins, providers of signals, members, a head."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from querist.core.ports import Strategy
from querist.core.registry import registry
from querist.core.signals import (
    AUGMENTED,
    CRITIC,
    DISCRIMINATOR,
    HISTORY,
    INPUT_GRAD,
    LOSS,
    MEMBERS,
    NOISE,
    PERTURBED,
    VACUITY,
    Needs,
    Signal,
)
from querist.models.guard import rng_kept
from querist.models.stochastic.dropout import dropout_layers
from querist.models.stochastic.posterior import Posterior
from querist.training.network import maker
from querist.training.providers.augmented import Augmented
from querist.training.providers.base import Provider
from querist.training.providers.history import EpochHistory, RoundHistory
from querist.training.providers.input_gradient import InputGradient
from querist.training.providers.loss_history import LossHistory
from querist.training.providers.perturbed import WeightNoise

__all__ = ["Equipment", "equip"]

_PUBLISHED = {LOSS: "learning_loss", DISCRIMINATOR: "vaal", CRITIC: "waal"}
"""Which plug-in publishes a signal; a combination of strategies names only one in its `Needs.plugin`."""

_HEADS = {NOISE: "normal", VACUITY: "evidential"}
"""Which head gives a signal; they are for numbers and for classes, so that no learner can have both."""

_SIZES = tuple(10.0 ** (k / 4 - 3) for k in range(13))
"""Least disagreement looks for the smallest noise that changes a label: from 0.001 to 1."""


@dataclass(frozen=True)
class Equipment:
    """Arguments of `TorchLearner` that a strategy asks for.

    Args:
        providers: give further signals.
        plugins: names of plug-ins, each made anew for a learner.
        members: posterior samples: a number by MC dropout, or a posterior.
        head: name of a head, or None for that of the schema.
    """

    providers: tuple[Provider, ...] = ()
    plugins: tuple[str, ...] = ()
    members: int | Posterior = 0
    head: str | None = None

    def fitting(self, module: Any) -> Equipment:
        """Without members where the network has no dropout: the session then says by name what is missing.

        Args:
            module: a network, or a function that makes one.
        """
        if not self.members:
            return self
        with rng_kept(0):
            return self if dropout_layers(maker(module)()) else replace(self, members=0)

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of `TorchLearner`.

        Raises:
            UnknownNameError: a plug-in that nobody registered.
        """
        plugins = tuple(registry.find(name, "plugin").factory() for name in self.plugins)
        return {"providers": self.providers, "plugins": plugins, "members": self.members, "head": self.head}


def equip(*strategies: Strategy, members: int | Posterior = 0, head: str | None = None) -> Equipment:
    """What strategies need of a learner of networks beside what any network gives.

    Args:
        strategies: those that will ask.
        members: posterior samples that the specification asks for.
        head: the head that it asks for.
    """
    needs = Needs()
    for strategy in strategies:
        needs |= strategy.needs
    wanted = needs.pool | needs.labelled | needs.reference
    recorded = (needs.labelled & {HISTORY}) - needs.pool - needs.reference  # losses, which need a label
    text = " ".join(map(str, strategies))
    plugins = {_PUBLISHED[s] for s in wanted & _PUBLISHED.keys()} | {s.needs.plugin for s in strategies} - {None}
    stood_in = {signal for signal, _ in needs.instead}
    return Equipment(
        tuple(LossHistory() if s in recorded else _WAYS[s](text) for s in sorted(wanted & _WAYS.keys(), key=str)),
        tuple(sorted(name for name in plugins if name)),
        members or (20 if MEMBERS in wanted - stood_in else 0),
        head or next((name for signal, name in _HEADS.items() if signal in wanted), None),
    )


def _history(text: str) -> Provider:
    """Rounds for ``tod``, which compares the models of two rounds; epochs of the last training for all others."""
    return RoundHistory() if re.search(r"\btod\b", text) else EpochHistory()


def _noise(text: str) -> Provider:
    return WeightNoise(52, _SIZES) if re.search(r"\b(least_disagree|ldm_s)\b", text) else WeightNoise()


_WAYS: Mapping[Signal, Callable[[str], Provider]] = {
    AUGMENTED: lambda text: Augmented(),
    PERTURBED: _noise,
    HISTORY: _history,
    INPUT_GRAD: lambda text: InputGradient(),
}
