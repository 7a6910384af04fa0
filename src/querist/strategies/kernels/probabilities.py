"""Scores of probability rows, in blocks that stay in the cache.

Narrow rows (few classes) are worked column by column over a transposed block, wide ones row by row. Either way a row's
result depends on the row alone and not on its place in the block, so that reordering a pool changes no bit of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.checks import Look
from querist.strategies.kernels.blocks import blocks

__all__ = ["block_entropy", "entropy", "highest", "impurity", "top_two", "worst_divergence"]

_NARROW = 64
"""Up to this many classes, C vector passes over the transposed block beat one short pass per row."""
_SHORT = 24
"""The same for the largest entries."""


def highest(probs: NDArray[Any], look: Look | None = None) -> NDArray[Any]:
    """The largest value of each row.

    Args:
        probs: (N, C) numbers, C at least 1.
        look: called with each block before it is used.

    Returns:
        (N,) in the precision of ``probs``.
    """
    out = np.empty(len(probs), dtype=_kept(probs))
    wide = probs.shape[1] > _SHORT
    for rows, block in blocks(probs, None if wide else look):
        if wide:  # largest first: it is bound by arithmetic, so the block comes into the cache in its shade
            unsigned = _largest_bits(block, out[rows])
            if look is not None:
                look(block, unsigned)
            if not unsigned:
                np.max(block, axis=1, out=out[rows])
            continue
        columns = np.ascontiguousarray(block.T)
        best = out[rows]
        best[:] = columns[0]
        for column in columns[1:]:
            np.maximum(best, column, out=best)
    return out


def top_two(probs: NDArray[Any], look: Look | None = None) -> tuple[NDArray[Any], NDArray[Any]]:
    """The largest and the second largest value of each row; the second is 0 with one class only.

    Args:
        probs: (N, C) numbers, C at least 1.
        look: called with each block before it is used.

    Returns:
        Two arrays (N,) in the precision of ``probs``.
    """
    n, classes = probs.shape
    first = np.empty(n, dtype=_kept(probs))
    second = np.zeros(n, dtype=first.dtype)
    for rows, block in blocks(probs, look):
        if classes > _SHORT:  # the largest, then the largest without it: faster than a partition of short rows
            rest = block.copy()
            place = (np.arange(len(block)), block.argmax(axis=1))
            first[rows] = block[place]
            rest[place] = 0
            if not _largest_bits(rest, second[rows]):
                rest[place] = -np.inf
                np.max(rest, axis=1, out=second[rows])
            continue
        columns = np.ascontiguousarray(block.T)
        high, low = first[rows], second[rows]
        high[:] = columns[0]
        if classes > 1:
            low[:] = -np.inf
        for column in columns[1:]:
            np.maximum(low, np.minimum(high, column), out=low)
            np.maximum(high, column, out=high)
    return first, second


def entropy(probs: NDArray[Any], look: Look | None = None) -> NDArray[np.float64]:
    """The entropy of each row, in nats; 0 log 0 = 0.

    Args:
        probs: (N, C) probabilities.
        look: called with each block before it is used.

    Returns:
        (N,) float64. Logarithms are taken in the precision of ``probs``; narrow rows are summed in float64.
    """
    out = np.empty(len(probs))
    for rows, block in blocks(probs, look):
        out[rows] = block_entropy(block)
    return out


def impurity(probs: NDArray[Any], look: Look | None = None) -> NDArray[np.float64]:
    """1 less the sum of squares of each row: (N, C) -> (N,) float64, squared and summed in float64."""
    out = np.empty(len(probs))
    for rows, block in blocks(probs, look):
        wide = block.astype(np.float64)
        out[rows] = 1.0 - np.vecdot(wide, wide)
    return out


def worst_divergence(probs: NDArray[Any], others: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The largest KL(p || q) over the A rows q of each item, in nats; q is floored at 1e-12.

    Args:
        probs: (N, C) probabilities.
        others: (N, A, C) probabilities, A at least 1.

    Returns:
        (N,) at least 0, and (N,) which row it is.
    """
    out, place = np.empty(len(probs)), np.empty(len(probs), dtype=np.int64)
    for rows, block in blocks(others):
        p = np.asarray(probs[rows], dtype=np.float64)
        q = block.astype(np.float64)
        log_p = np.log(np.where(p > 0, p, 1.0))
        apart = log_p[:, None, :] - np.log(np.maximum(q, 1e-12))
        divergence = np.matmul(apart, p[:, :, None])[:, :, 0]
        place[rows] = divergence.argmax(axis=1)
        out[rows] = divergence.max(axis=1)
    return np.maximum(out, 0.0), place


def _largest_bits(block: NDArray[Any], out: NDArray[Any]) -> bool:
    """The largest value of each row, and True; or False, ``out`` then being of no use, where a number has a sign.

    Bits read as whole numbers stand in the same order as numbers of at least 0, and their maximum is found in half the
    time, as none of them can be NaN. A sign is the highest bit: it shows in the maximum.
    """
    short = block.dtype == np.float32
    np.max(block.view(np.uint32 if short else np.uint64), axis=1, out=out.view(np.uint32 if short else np.uint64))
    return bool(out.view(np.int32 if short else np.int64).min(initial=0) >= 0)


def block_entropy(block: NDArray[Any]) -> NDArray[np.float64]:
    """The entropy of each row of one contiguous block (B, C), in nats: (B,) float64."""
    narrow = block.shape[1] <= _NARROW
    p = np.ascontiguousarray(block.T) if narrow else block
    terms = np.empty_like(p)
    with np.errstate(divide="ignore", invalid="ignore"):
        np.log(p, out=terms)
        if narrow:
            np.multiply(p, terms, out=terms)
        total = _summed(p, terms, narrow)
        if np.isnan(total).any():  # 0 * -inf somewhere: no clip for all, a second look at the few blocks with a zero
            np.copyto(terms, 0.0, where=p == 0)
            total = _summed(p, terms, narrow)
    return np.subtract(0.0, total)


def _summed(p: NDArray[Any], terms: NDArray[Any], narrow: bool) -> NDArray[np.float64]:
    """Sums of products, ``terms`` being the products of narrow rows and the logarithms of wide ones."""
    if not narrow:
        return np.asarray(np.vecdot(p, terms), dtype=np.float64)
    total = np.zeros(p.shape[1])
    for column in terms:  # one after the other: the same order whatever the block
        total += column
    return total


def _kept(probs: NDArray[Any]) -> np.dtype[Any]:
    """float32 for float32 and shorter, float64 for all else, as `blocks` gives it."""
    return np.dtype(np.float32 if probs.dtype.kind == "f" and probs.dtype.itemsize <= 4 else np.float64)
