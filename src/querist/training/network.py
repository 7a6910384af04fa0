"""Networks made anew for each fit, and what can be seen from their outside."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from querist.core.errors import ArgumentTypeError
from querist.core.optional import torch as _torch

__all__ = ["begin_from", "flat", "is_head", "maker"]


def flat(tensor: Any) -> Any:
    """(n, D) from (n, ...), also for n = 0."""
    return tensor[:, None] if tensor.ndim == 1 else tensor.flatten(1)


def is_head(module: Any, last: str | None, hidden: Any, outputs: Any) -> bool:
    """Whether the last linear layer gives the outputs themselves, so that its gradient has two factors."""
    torch = _torch()
    if last is None or not isinstance(hidden, torch.Tensor) or hidden.ndim != 2:
        return False
    with torch.no_grad():
        again = module.get_submodule(last)(hidden)
    return again.shape == outputs.shape and bool(torch.allclose(again, outputs, equal_nan=True))


def begin_from(module: Any, state: dict[str, Any]) -> list[str]:
    """Begin from saved weights; what has another shape, as after a class was added, keeps its fresh ones."""
    fits = {k: v for k, v in module.state_dict().items() if k in state and state[k].shape == v.shape}
    module.load_state_dict({k: state[k] for k in fits}, strict=False)
    odd = len(module.state_dict()) - len(fits)
    return [f"warm start: {odd} of {len(module.state_dict())} tensors had no saved twin and start fresh"] if odd else []


def maker(module: Any) -> Callable[[], Any]:
    """A function that makes networks with freshly drawn weights."""
    torch = _torch()
    if not isinstance(module, torch.nn.Module):
        if not callable(module):
            raise ArgumentTypeError(
                f"module must be an nn.Module or a function that makes one; got {type(module).__name__}",
                code="BadLearner",
            )
        return _checked(module)
    original = copy.deepcopy(module)

    def again() -> Any:
        copied = copy.deepcopy(original)
        for part in copied.modules():
            if hasattr(part, "reset_parameters"):
                part.reset_parameters()
        return copied

    return again


def _checked(factory: Callable[[], Any]) -> Callable[[], Any]:
    def make() -> Any:
        made = factory()
        if not isinstance(made, _torch().nn.Module):
            raise ArgumentTypeError(
                f"the function must make an nn.Module; it made {type(made).__name__}", code="BadLearner"
            )
        return made

    return make
