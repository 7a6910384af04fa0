"""All parameters of a network in one tensor while it is trained: one optimiser step instead of one a layer.

Small networks spend more time in the optimiser's bookkeeping than in their products. The optimisers offered work number by
number, so that a step on the joined tensor is the same step.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from querist.core.optional import torch as _torch

__all__ = ["flattened"]


@contextmanager
def flattened(module: Any) -> Iterator[tuple[list[Any], Any]]:
    """Give (parameters for the optimiser, zero_grad); inside, the network's parameters are views of the first.

    Networks with shared parameters, several kinds of numbers or several devices are left as they are.
    """
    torch = _torch()
    parameters = [p for p in module.parameters() if p.requires_grad]
    kinds = {(p.dtype, p.device) for p in parameters}
    if len(kinds) != 1 or len({p.data_ptr() for p in parameters}) != len(parameters):

        def clear() -> None:
            for p in parameters:
                p.grad = None

        yield parameters, clear
        return
    with torch.no_grad():
        whole = torch.nn.Parameter(torch.cat([p.detach().reshape(-1) for p in parameters]))
        whole.grad = torch.zeros_like(whole)
        at = 0
        for p in parameters:
            stop = at + p.numel()
            p.data = whole.data[at:stop].view(p.shape)
            p.grad = whole.grad[at:stop].view(p.shape)
            at = stop
    try:
        yield [whole], whole.grad.zero_
    finally:
        with torch.no_grad():
            for p in parameters:
                p.data = p.data.clone()
                p.grad = None
