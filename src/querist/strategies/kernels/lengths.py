"""Lengths of last-layer gradients from their two factors; the product of the factors is never built."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.blocks import blocks

__all__ = ["expected_length", "expected_length_of_residual", "row_norms", "unit_rows"]


def row_norms(array: NDArray[Any]) -> NDArray[np.float64]:
    """Euclidean length of each row, squared and summed in float64: (N, D) -> (N,)."""
    out = np.empty(len(array))
    for rows, block in blocks(array):
        wide = block.astype(np.float64, copy=False)
        out[rows] = np.sqrt(np.vecdot(wide, wide))
    return out


def unit_rows(array: NDArray[Any]) -> NDArray[np.float64]:
    """Rows scaled to length 1, in float64: (N, D) -> (N, D); a zero row stays 0. No square overflows."""
    wide = np.asarray(array, dtype=np.float64)
    largest = np.abs(wide).max(axis=1, initial=0.0, keepdims=True)
    even = np.divide(wide, largest, out=np.zeros_like(wide), where=largest > 0)
    length = np.sqrt(np.vecdot(even, even))[:, None]
    return np.asarray(np.divide(even, length, out=np.zeros_like(even), where=length > 0))


def expected_length(probs: NDArray[Any]) -> NDArray[np.float64]:
    """Sum over classes c of p_c ||p - onehot(c)||: (N, C) -> (N,) float64."""
    out = np.empty(len(probs))
    for rows, block in blocks(probs):
        rest = block.astype(np.float64)
        place, line = rest.argmax(axis=1), np.arange(len(rest))
        top = rest[line, place]
        rest[line, place] = 0.0
        out[rows] = _expected(rest, top, 1.0 - top)
    return out


def expected_length_of_residual(a: NDArray[Any]) -> NDArray[np.float64]:
    """The same from a = p - onehot(argmax p): (N, C) -> (N,) float64; the one negative entry gives the class away."""
    out = np.empty(len(a))
    for rows, block in blocks(a):
        rest = block.astype(np.float64)
        place, line = rest.argmin(axis=1), np.arange(len(rest))
        gap = -rest[line, place]
        rest[line, place] = 0.0
        out[rows] = _expected(rest, 1.0 - gap, gap)
    return out


def _expected(rest: NDArray[np.float64], top: NDArray[np.float64], gap: NDArray[np.float64]) -> NDArray[np.float64]:
    """From the rows without their largest entry, that entry, and one less that entry.

    The largest class is kept apart: for a sure model ||p - onehot||^2 = sum p^2 - 2 p_c + 1 would cancel to noise.
    """
    others = np.vecdot(rest, rest)
    squares = (others + top**2 + 1.0)[:, None] - 2.0 * rest
    return np.asarray(top * np.sqrt(others + gap**2) + np.vecdot(rest, np.sqrt(squares)))
