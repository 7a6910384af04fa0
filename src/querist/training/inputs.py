"""From rows of a source to tensors: scaled, dense, kept whole when small, read from the file when mapped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from querist.core.errors import ArgumentTypeError
from querist.core.optional import torch as _torch
from querist.core.rows import Rows
from querist.core.types import Array
from querist.data.source import Source
from querist.training.fields import Fields

__all__ = ["Inputs", "as_tensor"]

_KEPT = 64 << 20
"""Sources up to this many bytes are kept as one tensor."""


class Inputs:
    """The tensors of items.

    ``uint8`` arrays are divided by 255, other numbers become float32. Rows of a memory-mapped array are read from its
    file, so that its pages do not pile up in memory.

    Args:
        source: the items.
        transform: turns a batch of the source into a tensor, or into a mapping of names to tensors; for sources that are
            not numbers.
    """

    def __init__(self, source: Source, transform: Callable[[Any], Any] | None = None) -> None:
        self.source = source
        self._transform = transform
        self._whole: Any = None
        array = getattr(source, "array", None)
        mapped = Rows(array) if isinstance(array, np.ndarray) else None
        self._rows = mapped if mapped is not None and mapped.streams else None

    def take(self, rows: Array) -> Any:
        """(n, ...) tensor of the given rows, or `Fields` of several tensors, on the processor.

        Raises:
            ArgumentTypeError: no numbers, and no transform, or one that gives no tensors (code ``BadLearner``).
        """
        if self._whole is not None:
            return self._whole[_torch().as_tensor(np.ascontiguousarray(rows))]
        batch = self.source.take(rows) if self._rows is None else self._rows.take(rows)
        if self._transform is not None:
            return self._transformed(batch) if len(rows) else self.take(np.zeros(1, dtype=np.int64))[:0]
        tensor = as_tensor(batch, self.source.name)
        if len(rows) and tensor[:1].numel() * 4 * len(self.source) <= _KEPT and len(rows) < len(self.source):
            self._whole = as_tensor(self.source.take(np.arange(len(self.source))), self.source.name)
        return tensor

    def _transformed(self, batch: Any) -> Any:
        assert self._transform is not None
        given = self._transform(batch)
        return Fields(given) if isinstance(given, Mapping) else given


def as_tensor(batch: Any, name: str = "the source") -> Any:
    """(n, ...) float32 tensor of a batch of numbers; ``uint8`` is divided by 255, sparse rows become dense.

    Raises:
        ArgumentTypeError: no numbers (code ``BadLearner``).
    """
    array = np.asarray(batch.toarray() if hasattr(batch, "toarray") else batch)
    if array.dtype.kind not in "fiub":
        raise ArgumentTypeError(
            f"TorchLearner needs numbers, and {name} gives {array.dtype}; pass transform= to turn a batch into a tensor",
            code="BadLearner",
        )
    return _torch().as_tensor(array / np.float32(255) if array.dtype == np.uint8 else array, dtype=_torch().float32)
