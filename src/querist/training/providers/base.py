"""What a provider of signals is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from querist.core.signals import Signal
from querist.core.types import Array
from querist.models.stochastic.posterior import Watcher
from querist.training.heads import Head
from querist.training.net import Net

__all__ = ["Provider"]


class Provider(ABC):
    """The base: a value that gives one signal of a trained network. Subclasses are frozen dataclasses."""

    name: ClassVar[str]
    """Under which what it keeps is saved."""

    gives: ClassVar[Signal]

    def check(self, module: Any, head: Head, one: Any) -> None:  # noqa: B027 - most work with anything
        """Refuse a network, a head or an input that it cannot work with.

        Args:
            module: a network with fresh weights.
            head: what its outputs mean.
            one: (1, ...) inputs of one item.
        """

    def watch(self) -> Watcher | None:
        """A fresh collector for one fit, or None."""
        return None

    def finish(self, module: Any, watcher: Watcher | None, previous: Path | None) -> dict[str, Any]:
        """Tensors to keep with the weights, by name.

        Args:
            module: the network just trained.
            watcher: what `watch` gave for this fit.
            previous: folder of the model saved before this fit, or None.
        """
        return {}

    @abstractmethod
    def compute(self, net: Net, rows: Array) -> Array:
        """The signal of rows of the source."""
