"""Leave a model and the caller as they were: mode flags, statistics, gradients, every generator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from querist.core.optional import torch as _torch

__all__ = ["rng_kept", "untouched"]


@contextmanager
def rng_kept(seed: int | None = None) -> Iterator[None]:
    """torch's global generators are put back afterwards; inside they start from ``seed`` where one is given.

    Needed because layers draw their first weights, and dropout its masks, from the global generator.
    """
    torch = _torch()
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        if seed is not None and not devices and not torch.backends.mps.is_available():
            torch.default_generator.manual_seed(
                seed % 2**63
            )  # the same draws; `torch.manual_seed` costs 100 times as much
        elif seed is not None:
            torch.manual_seed(seed % 2**63)
        yield


@contextmanager
def untouched(module: Any) -> Iterator[None]:
    """Score with ``module`` in evaluation mode; afterwards flags, buffers, gradients and generators are as before."""
    modes = [(part, part.training) for part in module.modules()]
    buffers = [
        (part, name, buffer, buffer.detach().clone())
        for part in module.modules()
        for name, buffer in part._buffers.items()
        if buffer is not None
    ]
    flags = [(p, p.requires_grad, p.grad) for p in module.parameters()]
    torch = _torch()
    try:
        with rng_kept():
            module.eval()
            yield
    finally:
        for part, training in modes:
            part.training = training
        with torch.no_grad():
            for part, name, buffer, before in buffers:
                if not torch.equal(buffer, before):
                    buffer.copy_(before)
                part._buffers[name] = buffer  # a network may have put another tensor in its place
        for parameter, requires, grad in flags:
            parameter.requires_grad_(requires)
            parameter.grad = grad
