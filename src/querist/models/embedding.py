"""Where a network's embedding is: the output of a named layer, or the input of its last linear layer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from querist.core.errors import ArgumentError, nearest
from querist.core.optional import torch as _torch

__all__ = ["Tap", "last_linear", "tapped"]


class Tap:
    """Holds what the last forward pass left at the embedding layer."""

    value: Any = None


def last_linear(module: Any) -> str | None:
    """Name of the linear layer defined last, or None when there is none."""
    torch = _torch()
    found = [name for name, part in module.named_modules() if isinstance(part, torch.nn.Linear)]
    return found[-1] if found else None


def _copied(output: Any) -> Any:
    return output.detach().clone() if hasattr(output, "detach") else output


@contextmanager
def tapped(module: Any, layer: str | None, *, keep: bool = False) -> Iterator[Tap]:
    """Record the embedding during the forward passes inside.

    Args:
        module: the network.
        layer: name of a submodule whose output is the embedding; None takes the input of the last linear layer.
        keep: record the tensor itself with its gradient, for losses on it, instead of a copy.

    Raises:
        ArgumentError: no such layer, or none to find (code ``NeedsCapability``).
    """
    tap = Tap()
    names = dict(module.named_modules())
    if layer is not None:
        if layer not in names:
            near = nearest(layer, names, 3)
            raise ArgumentError(
                f"{type(module).__name__} has no layer {layer!r}; "
                + (f"did you mean {', '.join(near)}?" if near else f"it has: {', '.join(n for n in names if n)}"),
                code="NeedsCapability",
            )
        # copied: a following layer may work in place
        handle = names[layer].register_forward_hook(
            lambda _m, _i, output: setattr(tap, "value", output if keep else _copied(output))
        )
    else:
        found = last_linear(module)
        if found is None:
            raise ArgumentError(
                f"{type(module).__name__} has no linear layer whose input could be the embedding; name a layer with "
                "embedding_layer=",
                code="NeedsCapability",
            )
        handle = names[found].register_forward_pre_hook(lambda _m, inputs: setattr(tap, "value", inputs[0]))
    try:
        yield tap
    finally:
        handle.remove()
