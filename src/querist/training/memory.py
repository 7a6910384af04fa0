"""Out of memory: smaller batches, down to one, then the processor, then a named error; labels are never touched."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from querist.core.errors import QueristWarning, ResourceError
from querist.core.optional import torch as _torch

__all__ = ["with_smaller_batches"]

T = TypeVar("T")


def with_smaller_batches(work: Callable[[int, Any], T], batch: int, device: Any, *, to_cpu: bool = True) -> T:
    """Call ``work(batch, device)``; on out-of-memory try half the batch, down to one item, then the CPU.

    Raises:
        ResourceError: one item does not fit (code ``OutOfMemory``); it names the sizes tried and the device.
    """
    torch = _torch()
    tried: list[int] = []
    while True:
        failed = False
        try:
            result = work(batch, device)
        except torch.OutOfMemoryError as error:
            failed = True
            tried.append(batch)
            if batch == 1 and not (to_cpu and device.type != "cpu"):
                raise ResourceError(
                    f"out of memory on {device}: batches of {', '.join(map(str, tried))} were tried; use a smaller model "
                    "or another device. No label is lost",
                    code="OutOfMemory",
                ) from error
        if failed:  # out here the error is gone, and with it the frames that held the tensors
            if device.type == "cuda":
                torch.cuda.empty_cache()
            if batch > 1:
                batch //= 2
            else:
                device, batch = torch.device("cpu"), tried[0]
            continue
        if tried:
            warnings.warn(
                f"out of memory with batches of {', '.join(map(str, tried))}; went on with {batch} on {device}",
                QueristWarning,
                stacklevel=3,
            )
        return result
