"""Long arrays in short pieces: contiguous blocks of rows that stay in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.checks import Look
from querist.core.rows import Rows

__all__ = ["blocks"]

BLOCK_BYTES = 1 << 19
"""512 KiB: a block and one buffer of the same size fit into the second-level cache together."""


def blocks(
    array: NDArray[Any], look: Look | None = None, size: int = BLOCK_BYTES
) -> Iterator[tuple[slice, NDArray[Any]]]:
    """The rows of ``array``, block by block.

    Args:
        array: (N, ...) numbers of any kind, any layout, in memory or memory-mapped (then read from its file); it is not
            changed, and the blocks must not be written to, as they may be views of it, nor kept beyond the next one.
        look: called with each block before it is handed out, see `querist.core.checks.in_passing`.
        size: bytes of a block, at most.

    Yields:
        The rows as a slice, and the block (B, ...): contiguous, float32 where the array is float32 or shorter, float64
        otherwise. Nothing larger than a block is ever copied.
    """
    short = array.dtype.kind == "f" and array.dtype.itemsize <= 4
    dtype = np.dtype(np.float32 if short else np.float64)
    width = int(np.prod(array.shape[1:], dtype=np.int64))
    step = max(1, size // max(width * dtype.itemsize, 1))
    for rows, piece in Rows(array).blocks(step):
        block = np.asarray(piece, dtype=dtype, order="C")
        if look is not None:
            look(block)
        yield rows, block
