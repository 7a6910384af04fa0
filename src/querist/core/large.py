"""Arrays that are filled block by block: in memory when small, in a temporary file beyond a size."""

from __future__ import annotations

import os
import tempfile
import weakref
from pathlib import Path
from typing import Any

import numpy as np

from querist.core.types import Array

__all__ = ["SPILL_BYTES", "Filled"]

SPILL_BYTES = 1 << 30
"""Arrays above this many bytes go to a file."""


class Filled:
    """An array (N, ...) whose rows arrive in order.

    Beyond `SPILL_BYTES` the rows are written to a temporary file, and the array is a memory-map of it: the process stays
    small, and kernels that stream read the file. The file goes when the array goes.

    Args:
        count: N.
        dtype: of the array, float32 by default.
    """

    def __init__(self, count: int, dtype: Any = np.float32) -> None:
        self._count = count
        self._dtype: np.dtype[Any] = np.dtype(dtype)
        self._array: Array | None = None
        self._file: Any = None
        self._shape: tuple[int, ...] = ()
        self._at = 0

    def add(self, block: Array) -> None:
        """The next rows (n, ...)."""
        if not self._shape:
            self._begin(block)
        if self._file is None:
            assert self._array is not None
            self._array[self._at : self._at + len(block)] = block
        else:
            self._file.write(np.ascontiguousarray(block, dtype=self._dtype).data)
        self._at += len(block)

    def _begin(self, block: Array) -> None:
        self._shape = (self._count, *block.shape[1:])
        if self._dtype.itemsize * int(np.prod(self._shape, dtype=np.int64)) <= SPILL_BYTES:
            self._array = np.empty(self._shape, dtype=self._dtype)
        else:
            handle, name = tempfile.mkstemp(prefix="querist-signal-", suffix=".bin")
            self._path = Path(name)
            self._file = os.fdopen(handle, "wb")
            self._forget = weakref.finalize(self, _remove, self._file, self._path)

    def done(self) -> Array:
        """The whole array; all rows must have come."""
        if self._file is None:
            assert self._array is not None
            return self._array
        self._file.close()
        array = np.memmap(self._path, dtype=self._dtype, mode="r", shape=self._shape)
        weakref.finalize(array.base, self._path.unlink, missing_ok=True)  # the map itself: slices live on it
        self._forget.detach()
        return array

    def drop(self) -> None:
        """Give the file up, when the rows will not all come."""
        if self._file is not None:
            self._forget()


def _remove(file: Any, path: Path) -> None:
    file.close()
    path.unlink(missing_ok=True)
