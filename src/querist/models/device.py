"""Which device, and how many threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from querist.core.errors import ArgumentError, ResourceError
from querist.core.optional import torch as _torch

__all__ = ["choose_device", "threads"]


def choose_device(asked: str) -> Any:
    """The torch device for ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Raises:
        ResourceError: the device is not there (code ``NoDevice``).
        ArgumentError: not the name of a device (code ``BadValue``).
    """
    torch = _torch()
    present = ["cpu"] + [f"cuda:{i}" for i in range(torch.cuda.device_count() if torch.cuda.is_available() else 0)]
    if torch.backends.mps.is_available():
        present.append("mps")
    if asked == "auto":
        return torch.device(next((d for d in ("cuda:0", "mps") if d in present), "cpu"))
    try:
        device = torch.device(asked)
    except (RuntimeError, TypeError) as error:
        raise ArgumentError(f"device must be auto, cpu, cuda, cuda:N or mps; got {asked!r}", code="BadValue") from error
    name = device.type if device.type != "cuda" else f"cuda:{device.index or 0}"
    if name not in present:
        raise ResourceError(
            f"device {asked!r} is not there; present are: {', '.join(present)}. Use device='auto'", code="NoDevice"
        )
    return device


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """torch and the BLAS libraries run with ``count`` threads inside; None leaves them alone."""
    if count is None:
        yield
        return
    from threadpoolctl import threadpool_limits

    torch = _torch()
    before = torch.get_num_threads()
    try:
        with threadpool_limits(count):
            if before != count:
                torch.set_num_threads(count)
            yield
    finally:
        if before != count:
            torch.set_num_threads(before)
