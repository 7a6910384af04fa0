"""MC dropout with consistent members: sample s is one network, the same mask for every item.

Gal and Ghahramani, Dropout as a Bayesian Approximation, 2016. Plain MC dropout draws a new mask for each item, so that
sample s is a different network for each; joint scores (BatchBALD, EPIG) need one network a sample. Here each sample's
masks are drawn once from a seeded generator, by layer, and applied to all items in batches of any size.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from querist.core.errors import ArgumentError
from querist.core.optional import torch as _torch

__all__ = ["dropout_layers", "need_dropout", "one_mask"]

_KINDS = ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout")
_BY_CHANNEL = ("Dropout1d", "Dropout2d", "Dropout3d")


def dropout_layers(module: Any) -> dict[str, Any]:
    """Dropout layers with a probability above 0, by name."""
    kinds = tuple(getattr(_torch().nn, k) for k in _KINDS[:4])
    return {name: part for name, part in module.named_modules() if isinstance(part, kinds) and part.p > 0}


def need_dropout(module: Any) -> None:
    """Refuse a network without dropout.

    Raises:
        ArgumentError: naming the kinds of layers looked for (code ``NeedsDropout``).
    """
    if not dropout_layers(module):
        raise ArgumentError(
            f"members by MC dropout need dropout layers, and {type(module).__name__} has none with p > 0 (looked for "
            f"{', '.join(_KINDS[:4])}); add some, or use members=0",
            code="NeedsDropout",
        )


@contextmanager
def one_mask(module: Any, seed: int) -> Iterator[None]:
    """Inside, each dropout layer multiplies by one mask drawn from ``seed``, the same for all items."""
    torch = _torch()
    masks: dict[str, Any] = {}
    handles = []

    def hook(name: str, place: int) -> Any:
        def apply(layer: Any, inputs: Any, _output: Any) -> Any:
            x = inputs[0]
            shape = x.shape[1:2] + (1,) * (x.ndim - 2) if type(layer).__name__ in _BY_CHANNEL else x.shape[1:]
            if name not in masks or masks[name].shape != (1, *shape):
                draw = torch.Generator().manual_seed((seed + 1_000_003 * place) % 2**63)
                kept = torch.rand((1, *shape), generator=draw) >= layer.p
                masks[name] = (kept / max(1 - layer.p, 1e-12)).to(x.device, x.dtype)
            return x * masks[name]

        return apply

    for place, (name, layer) in enumerate(dropout_layers(module).items()):
        handles.append(layer.register_forward_hook(hook(name, place)))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
