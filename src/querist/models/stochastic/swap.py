"""Other weights in a network for a while: the storage is exchanged, nothing is copied back and forth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

__all__ = ["copied", "swapped"]


def copied(module: Module) -> dict[str, Tensor]:
    """Copies on the CPU of all parameters and buffers, by name; a shared parameter stands once."""
    named = [*module.named_parameters(), *module.named_buffers()]
    return {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in named}


@contextmanager
def swapped(module: Module, tensors: Mapping[str, Tensor]) -> Iterator[None]:
    """Inside, the named parameters and buffers of ``module`` hold ``tensors``; afterwards they hold their own again.

    Args:
        module: the network.
        tensors: by name, each of the shape of what it stands in for; they are moved to its device and type.
    """
    parameters, buffers = dict(module.named_parameters()), dict(module.named_buffers())
    before = {name: (parameters.get(name, buffers.get(name))) for name in tensors}
    kept = {name: tensor.data for name, tensor in before.items() if tensor is not None}
    missing = sorted(set(tensors) - set(kept))
    if missing:
        raise KeyError(f"{type(module).__name__} has no parameter or buffer {missing[0]}")
    try:
        for name, tensor in before.items():
            assert tensor is not None
            tensor.data = tensors[name].to(tensor.device, tensor.dtype)
        yield
    finally:
        for name, tensor in before.items():
            assert tensor is not None
            tensor.data = kept[name]
