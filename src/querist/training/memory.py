"""Out of memory: smaller batches, down to one, then the processor, then a named error; labels are never touched."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from querist.core.errors import QueristWarning, ResourceError
from querist.core.optional import torch as _torch

__all__ = ["is_out_of_memory", "says_out_of_memory", "with_smaller_batches"]

T = TypeVar("T")

_SAID = ("DefaultCPUAllocator:", "MPS backend out of memory", "OutOfMemoryError")
"""How allocators of the processor and of Apple devices, which have no error of their own, say it; and a process's trace."""


def says_out_of_memory(text: str) -> bool:
    """Whether the text of an error says that an allocator of torch failed."""
    return any(said in text for said in _SAID)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out, on whatever device; NumPy's error counts too."""
    if isinstance(error, (_torch().OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and says_out_of_memory(str(error))


def with_smaller_batches(work: Callable[[int, Any], T], batch: int, device: Any, *, to_cpu: bool = True) -> T:
    """Call ``work(batch, device)``; on out-of-memory try half the batch, down to one item, then the CPU.

    Args:
        work: called with a number of items and a device; called again after it failed.
        batch: items to begin with.
        device: to begin on.
        to_cpu: whether the CPU may take over, with the first batch again.

    Raises:
        ResourceError: one item does not fit (code ``OutOfMemory``); it names the sizes tried and the device.
    """
    torch = _torch()
    tried: list[int] = []
    while True:
        failed = False
        try:
            result = work(batch, device)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            failed = True
            tried.append(batch)
            if batch == 1 and not (to_cpu and device.type != "cpu"):
                forbidden = "" if device.type == "cpu" else ", or cpu_fallback=True"
                raise ResourceError(
                    f"out of memory on {device}: batches of {', '.join(map(str, tried))} were tried; use a smaller model "
                    f"or another device{forbidden}. No label is lost",
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
