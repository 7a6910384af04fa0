"""What a provider of signals is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from querist.core.signals import Signal
from querist.core.types import Array
from querist.models.stochastic.posterior import Watcher
from querist.training.heads import Head
from querist.training.net import Net

__all__ = ["Compute", "Provider"]

Compute = Callable[[Net, Array], Any]
"""From a trained network and rows of the source to the signal of these rows."""


class Provider(ABC):
    """The base: a value that gives one signal of a trained network. Subclasses are frozen dataclasses."""

    name: ClassVar[str]
    """Under which what it keeps is saved."""

    gives: ClassVar[Signal]

    @property
    def outputs(self) -> int:
        """How often its signal holds the outputs of the network, for each item."""
        return 1

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

    def begin(self) -> Compute:
        """What gives the signal of one shard of rows after the other; `compute` itself, where shards are alike."""
        return self.compute

    @abstractmethod
    def compute(self, net: Net, rows: Array) -> Array:
        """The signal of rows of the source."""
