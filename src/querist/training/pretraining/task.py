"""What a network learns from items without labels: the base of all tasks. Tasks are values and keep no state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

__all__ = ["Encode", "PretrainingTask"]

Encode = Callable[[Any], Any]
"""Turns inputs (n, ...) into embeddings (n, D), with their gradient."""


class PretrainingTask(ABC):
    """The base. All randomness is drawn from torch's generators, which the loop seeds and restores."""

    name: ClassVar[str]
    """Part of the encoder's name."""

    least: ClassVar[int] = 1
    """Items that a batch must have."""

    @abstractmethod
    def helper(self, width: int, inputs: Any) -> Any:
        """A module that is trained beside the network and thrown away afterwards: a projection, a decoder.

        Args:
            width: D of the embeddings.
            inputs: (n, ...) inputs of some of the items, to learn shapes and scales from.

        Raises:
            ArgumentError: the task cannot work with such inputs (code ``ShapeMismatch``).
        """

    @abstractmethod
    def loss(self, encode: Encode, helper: Any, inputs: Any) -> Any:
        """The loss of a batch (n, ...), a scalar."""
