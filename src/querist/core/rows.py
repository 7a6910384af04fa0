"""Rows of an array, wherever they lie: in memory, in a file, on a device; a block of rows at a time.

A memory-mapped array counts every page it touches as memory of the process. Its rows are read from the file into a
buffer instead, which is as fast and leaves the process small. Arrays on a device are wrapped in `DeviceRows` and hand out
their rows as NumPy blocks.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DeviceRows", "Rows"]

_BLOCK_NUMBERS = 1 << 20


class Rows:
    """The rows of an array (N, ...), block by block; the array is never changed.

    Args:
        array: in memory, memory-mapped, or `DeviceRows`. Of a memory-map whose rows lie one after another in its file the
            rows are read from that file; of any other through the array itself.
    """

    def __init__(self, array: Any) -> None:
        self.array = array
        self.shape: tuple[int, ...] = tuple(array.shape)
        self.dtype: np.dtype[Any] = np.dtype(array.dtype)
        self._file = _place(array)
        self._local = threading.local()
        self._row_bytes = self.dtype.itemsize * int(np.prod(self.shape[1:], dtype=np.int64))
        if self._file is not None and not self._same():
            self._file = None

    def __len__(self) -> int:
        """Number of rows."""
        return self.shape[0]

    @property
    def streams(self) -> bool:
        """Whether the rows are read from a file."""
        return self._file is not None

    def block(self, rows: slice) -> NDArray[Any]:
        """Consecutive rows (n, ...): not to be written to, and good until this thread asks for the next block."""
        start, stop, _ = rows.indices(len(self))
        if self._file is None:
            return np.asarray(self.array[start:stop])
        count = max(stop - start, 0)
        buffer = getattr(self._local, "buffer", None)
        if buffer is None or len(buffer) < count:
            buffer = self._local.buffer = np.empty((count, *self.shape[1:]), dtype=self.dtype)
        out: NDArray[Any] = buffer[:count]
        with open(self._file[0], "rb", buffering=0) as file:
            self._read(file, start, out)
        return out

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Some rows (m, ...) in the order given, as a copy."""
        if self._file is None:
            return np.array(self.array[rows])
        out = np.empty((len(rows), *self.shape[1:]), dtype=self.dtype)
        with open(self._file[0], "rb", buffering=0) as file:
            ends = [*(np.flatnonzero(np.diff(rows) != 1) + 1).tolist(), len(rows)]
            start = 0
            for end in ends:  # a run of rows that lie one after another at a time
                if end > start:
                    self._read(file, int(rows[start]), out[start:end])
                start = end
        return out

    def blocks(self, step: int | None = None) -> Iterator[tuple[slice, NDArray[Any]]]:
        """All rows in blocks of ``step``, by default about a million numbers each."""
        if step is None:
            step = max(1, min(1 << 14, _BLOCK_NUMBERS // max(int(np.prod(self.shape[1:], dtype=np.int64)), 1)))
        for start in range(0, len(self), step):
            rows = slice(start, min(start + step, len(self)))
            yield rows, self.block(rows)

    def _read(self, file: IO[bytes], row: int, out: NDArray[Any]) -> None:
        assert self._file is not None
        file.seek(self._file[1] + row * self._row_bytes)
        bytes_of: Any = out.view(np.uint8).reshape(-1)
        left = memoryview(bytes_of)
        while left:
            got: int = file.readinto(left)  # type: ignore[attr-defined]
            if not got:
                raise OSError(f"the file of a memory-mapped array ends before row {row}")
            left = left[got:]

    def _same(self) -> bool:
        """Whether the file still holds what is mapped: it may have been replaced under its name."""
        ends = np.array([0, len(self) - 1], dtype=np.int64)
        try:
            return self.take(ends).tobytes() == np.ascontiguousarray(self.array[ends]).tobytes()
        except OSError:
            return False


def _place(array: Any) -> tuple[str, int] | None:
    """File and byte of the first row of a memory-map or of a slice of one, or None."""
    if not isinstance(array, np.ndarray) or array.size == 0 or array.ndim < 1 or not array.flags.c_contiguous:
        return None
    owner: Any = array
    name, mode = None, None
    while isinstance(owner, np.ndarray):
        if isinstance(owner, np.memmap):
            name, mode, offset = owner.filename, owner.mode, owner.offset
        owner = owner.base
    if not isinstance(owner, mmap.mmap) or name is None or mode == "c":  # private changes are not in the file
        return None
    mapped = np.frombuffer(owner, dtype=np.uint8).__array_interface__["data"][0]
    begins = offset - offset % mmap.ALLOCATIONGRANULARITY  # the offset of a slice is that of its map
    return str(name), begins + array.__array_interface__["data"][0] - mapped


class DeviceRows(np.lib.mixins.NDArrayOperatorsMixin):
    """A tensor (N, D) on a device that hands out its rows as NumPy arrays.

    Kernels that know `tensor` compute on the device. Everything else may treat it as an array: indexing copies the rows
    asked for, and whatever needs the whole array gets one copy of it.

    Args:
        tensor: a torch tensor; it is not changed.
    """

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor.detach()
        self.shape: tuple[int, ...] = tuple(tensor.shape)
        self.ndim = len(self.shape)
        self.dtype: np.dtype[Any] = _host(self.tensor[:0]).dtype

    @property
    def size(self) -> int:
        """Number of numbers."""
        return int(np.prod(self.shape, dtype=np.int64))

    def __len__(self) -> int:
        """Number of rows."""
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        """Rows as a NumPy copy."""
        if isinstance(key, np.ndarray):
            key = self._index(key)
        return _host(self.tensor[key])

    def narrow(self, rows: NDArray[np.int64]) -> DeviceRows:
        """Some rows, still on the device."""
        return DeviceRows(self.tensor[self._index(rows)])

    def _index(self, rows: NDArray[Any]) -> Any:
        from querist.core.optional import torch

        return torch().as_tensor(np.array(rows), device=self.tensor.device)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """The whole array, as a copy."""
        return np.asarray(_host(self.tensor), dtype=dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **rest: Any) -> Any:
        """As NumPy does it with the whole array."""
        return getattr(ufunc, method)(*(np.asarray(i) if isinstance(i, DeviceRows) else i for i in inputs), **rest)

    def __getattr__(self, name: str) -> Any:
        """Whatever else an array has: of the whole array."""
        if name.startswith("_") or name not in _OF_ARRAYS:
            raise AttributeError(name)
        return getattr(np.asarray(self), name)


_OF_ARRAYS = frozenset(name for name in dir(np.ndarray) if not name.startswith("_"))


def _host(tensor: Any) -> NDArray[Any]:
    """A tensor as a NumPy array in float32 or float64."""
    if tensor.dtype.itemsize < 4 and tensor.dtype.is_floating_point:
        tensor = tensor.float()
    return np.asarray(tensor.cpu().numpy())
