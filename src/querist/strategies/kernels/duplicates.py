"""Near copies: which rows stay when each is dropped that is too like an earlier one that stayed."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.cosine import _units

__all__ = ["distinct_rows"]

_BLOCK = 512
_KEPT = 4096


def distinct_rows(x: NDArray[Any], threshold: float) -> NDArray[np.int64]:
    """Rows that stay, in order: a row goes when its cosine with a row that stayed is at least ``threshold``.

    Exact copies of earlier rows always go, zero rows among them, whose cosine with every row is 0. Cosines within 1e-5
    of the threshold are computed again in float64 and compared with it less 1e-12, so that rounding decides nothing.

    Args:
        x: (N, D) features, in memory or memory-mapped; not changed.
        threshold: a cosine.

    Returns:
        (M,) int64. N M D operations in blocks for M rows that stay, half of N^2 D at worst; memory for the unit rows
        that stay.
    """
    fresh = _first_of_each(x)
    dtype = np.dtype(np.float32 if x.dtype.kind == "f" and x.dtype.itemsize <= 4 else np.float64)
    kept: list[NDArray[np.int64]] = []
    units: list[NDArray[Any]] = []  # of full chunks of _KEPT rows, then of what is over
    for start in range(0, len(fresh), _BLOCK):
        rows = fresh[start : start + _BLOCK]
        block = _units(np.asarray(x[rows])).astype(dtype)
        stays = np.ones(len(rows), dtype=bool)
        for chunk, old in zip(units, _chunks(kept, units), strict=True):
            alive = np.flatnonzero(stays)
            like = _alike(x, block[alive] @ chunk.T, rows[alive], old, threshold)
            stays[alive[like.any(axis=1)]] = False
        alive = np.flatnonzero(stays)
        like = _alike(x, block[alive] @ block[alive].T, rows[alive], rows[alive], threshold)
        for place in range(len(alive)):  # in order: only rows that stay make others go
            if stays[alive[place]]:
                later = np.flatnonzero(like[place, place + 1 :]) + place + 1
                stays[alive[later]] = False
        kept.append(rows[stays])
        if units and len(units[-1]) < _KEPT:
            units[-1] = np.concatenate([units[-1], block[stays]])
        else:
            units.append(block[stays])
    return np.concatenate(kept) if kept else np.empty(0, dtype=np.int64)


def _chunks(kept: list[NDArray[np.int64]], units: list[NDArray[Any]]) -> list[NDArray[np.int64]]:
    """The rows of each chunk of units."""
    if not units:
        return []
    ends = np.cumsum([len(chunk) for chunk in units])
    return np.split(np.concatenate(kept), ends[:-1])


def _alike(
    x: NDArray[Any], cosine: NDArray[Any], one: NDArray[np.int64], two: NDArray[np.int64], threshold: float
) -> NDArray[np.bool_]:
    """Which pairs are at least as like as the threshold; those next to it are computed again."""
    like = np.asarray(cosine > threshold - 1e-5)
    if not like.any():
        return like
    close = np.nonzero(like & (cosine < threshold + 1e-5))
    for start in range(0, len(close[0]), 1 << 12):
        i, j = close[0][start : start + (1 << 12)], close[1][start : start + (1 << 12)]
        exact = np.vecdot(_units(np.asarray(x[one[i]])), _units(np.asarray(x[two[j]])))
        like[i, j] = exact >= threshold - 1e-12
    return like


def _first_of_each(x: NDArray[Any]) -> NDArray[np.int64]:
    """Rows that are no exact copy of an earlier one, in order."""
    seen: set[bytes] = set()
    out: list[int] = []
    for start in range(0, len(x), _BLOCK):
        block = np.ascontiguousarray(x[start : start + _BLOCK]) + 0  # 0 and -0 are equal
        for place, row in enumerate(block):
            digest = hashlib.blake2b(row.tobytes(), digest_size=16).digest()
            if digest not in seen:
                seen.add(digest)
                out.append(start + place)
    return np.asarray(out, dtype=np.int64)
