"""Batches of several tensors by name, and networks that answer with more than logits, as those of Hugging Face are.

Two hooks stand at the door of each network: a batch of `Fields` is passed as keyword arguments, and of an answer with
``logits`` the logits are taken. The network, its weights and the names of its layers stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from querist.core.errors import ArgumentTypeError, shorten
from querist.core.optional import torch as _torch

__all__ = ["Fields", "plain_calls"]


class Fields:
    """Tensors by name, a row an item in each: the keyword arguments of a network for a batch.

    It is indexed, measured and moved as one tensor is.

    Args:
        tensors: such as ``input_ids`` and ``attention_mask``; all of one length.

    Raises:
        ArgumentTypeError: no tensors, or of different lengths (code ``BadLearner``).
    """

    def __init__(self, tensors: Mapping[str, Any]) -> None:
        torch = _torch()
        self.tensors = dict(tensors)
        for name, value in self.tensors.items():
            if not isinstance(value, torch.Tensor) or not value.ndim:
                raise ArgumentTypeError(
                    f"transform= gave {name!r} as {type(value).__name__}, and a tensor with a row an item is needed; a "
                    "tokeniser gives tensors with padding=True and return_tensors='pt'",
                    code="BadLearner",
                )
        lengths = {name: len(value) for name, value in self.tensors.items()}
        if len(set(lengths.values())) != 1:
            raise ArgumentTypeError(
                f"transform= must give tensors with a row an item each; it gave {shorten(lengths)}", code="BadLearner"
            )

    def __len__(self) -> int:
        """Number of items."""
        return len(next(iter(self.tensors.values())))

    def __getitem__(self, rows: Any) -> Fields:
        """The same tensors of some items: a slice, or numbers of rows."""
        return Fields({name: value[rows] for name, value in self.tensors.items()})

    def __repr__(self) -> str:
        """Names and shapes."""
        return ", ".join(f"{name} {tuple(value.shape)}" for name, value in self.tensors.items())

    def to(self, device: Any) -> Fields:
        """The same on another device."""
        return Fields({name: value.to(device) for name, value in self.tensors.items()})

    @property
    def device(self) -> Any:
        """Where the tensors are."""
        return next(iter(self.tensors.values())).device

    @property
    def shape(self) -> tuple[int, ...]:
        """(n,): an item has no one shape."""
        return (len(self),)

    def is_floating_point(self) -> bool:
        """Never taken for real numbers, to which noise could be added."""
        return False


def plain_calls(module: Any) -> Any:
    """``module``, from now on called with one batch and answering with logits."""
    module.register_forward_pre_hook(_spread, with_kwargs=True)
    module.register_forward_hook(_logits)
    return module


def _spread(_module: Any, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if len(given) == 1 and isinstance(given[0], Fields):
        return (), {**given[0].tensors, **named}
    return None


def _logits(_module: Any, _given: Any, said: Any) -> Any:
    if isinstance(said, _torch().Tensor):
        return None
    logits = said.get("logits") if isinstance(said, Mapping) else getattr(said, "logits", None)
    return said if logits is None else logits
