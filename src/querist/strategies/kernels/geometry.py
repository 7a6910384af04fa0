"""Squared distances from many points to many centres, by matrix products in blocks.

|x - c|^2 = |x|^2 - 2 x.c + |c|^2, with the points shifted to their mean so that little is lost to cancellation. One pass
over the points serves any number of centres, holds a block at a time, and leaves one number a point: memory-maps stream.

`Outer` does the same for products a (x) h of gradient factors, whose C * D numbers are never written down:
|g_i - g_j|^2 = |a_i|^2 |h_i|^2 + |a_j|^2 |h_j|^2 - 2 (a_i.a_j)(h_i.h_j).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Euclidean", "Geometry", "Outer"]

Centres = Any
"""What `Geometry.gather` gives and `Geometry.lower` takes: an array, or a pair of arrays."""
_CENTRES = 256
"""Centres a product: enough for the matrix units, few enough for the cache."""
_CELLS = 1 << 20
"""Numbers in a block of products."""


class Geometry(ABC):
    """Points with squared distances.

    Args:
        size: number of points.
        dtype: float32 or float64; of the products and of the distances.
        norms: (N,) squared lengths, of the shifted points where there is a shift.
    """

    size: int
    dtype: np.dtype[Any]
    norms: NDArray[Any]

    @abstractmethod
    def gather(self, rows: NDArray[np.int64]) -> Centres:
        """Some points, in float64."""

    @abstractmethod
    def pairs(self, a: Centres, b: Centres) -> NDArray[np.float64]:
        """(m, k) squared distances between gathered points, in float64."""

    @abstractmethod
    def prepare(self, centres: Centres) -> tuple[list[Any], NDArray[Any]]:
        """Centres in chunks ready for products, and their squared lengths in one array."""

    @abstractmethod
    def products(self, rows: slice, chunk: Any) -> NDArray[Any]:
        """(k, n) of -2 x.c for a block of points and a chunk of centres."""

    @abstractmethod
    def count(self, centres: Centres) -> int:
        """How many centres."""

    @property
    def slack(self) -> float:
        """What a squared distance may be off by, relative to the squared lengths: below it, it is 0."""
        return 16.0 * float(np.finfo(self.dtype).eps)

    def lower(self, nearest: NDArray[Any], centres: Centres) -> None:
        """Lower (N,) ``nearest`` to the squared distance to the nearest of ``centres``, in place."""
        if self.count(centres) == 0:
            return
        chunks, lengths = self.prepare(centres)
        starts = range(0, len(lengths), _CENTRES)
        largest = float(lengths.max(initial=0.0))
        for rows in self.blocks(min(len(lengths), _CENTRES)):
            best: NDArray[Any] | None = None
            for start, chunk in zip(starts, chunks, strict=True):
                product = self.products(rows, chunk)
                product += lengths[start : start + _CENTRES, None]
                low = product.min(axis=0)
                best = low if best is None else np.minimum(best, low, out=best)
            assert best is not None
            norms = self.norms[rows]
            best += norms
            best[best < self.slack * (norms + largest)] = 0.0
            np.minimum(nearest[rows], best, out=nearest[rows])

    def blocks(self, centres: int) -> Iterator[slice]:
        """Slices of points such that a block of products stays in the cache."""
        step = max(256, min(_CELLS // max(centres, 1), 1 << 14))
        for start in range(0, self.size, step):
            yield slice(start, min(start + step, self.size))


def _kind(array: NDArray[Any]) -> np.dtype[Any]:
    return np.dtype(np.float32 if array.dtype.kind == "f" and array.dtype.itemsize <= 4 else np.float64)


class Euclidean(Geometry):
    """Rows of an embedding (N, D), in memory or memory-mapped; not changed."""

    def __init__(self, x: NDArray[Any]) -> None:
        self.x = x
        self.size, self.dtype = len(x), _kind(x)
        total = np.zeros(x.shape[1])
        for rows in self.blocks(x.shape[1]):
            total += x[rows].sum(axis=0, dtype=np.float64)
        self.mean = total / max(self.size, 1)
        self._shift = self.mean.astype(self.dtype)
        self.norms = np.empty(self.size, dtype=self.dtype)
        for rows in self.blocks(x.shape[1]):
            block = self._block(rows)
            self.norms[rows] = np.einsum("nd,nd->n", block, block)

    def _block(self, rows: slice) -> NDArray[Any]:
        return np.asarray(np.subtract(self.x[rows], self._shift, dtype=self.dtype))

    def gather(self, rows: NDArray[np.int64]) -> Centres:
        """(m, D) float64, shifted."""
        return self.shifted(self.x[rows])

    def shifted(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """Foreign points (labelled, pending) in the same coordinates."""
        return np.asarray(x, dtype=np.float64) - self.mean

    def pairs(self, a: Centres, b: Centres) -> NDArray[np.float64]:
        """(m, k) in float64."""
        lengths = np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1)[None, :]
        out = lengths - 2.0 * (a @ b.T)
        out[out < 64 * np.finfo(np.float64).eps * lengths] = 0.0
        return np.asarray(out)

    def prepare(self, centres: Centres) -> tuple[list[Any], NDArray[Any]]:
        """(-2 c) in chunks, and |c|^2."""
        scaled = np.asarray(-2.0 * centres, dtype=self.dtype)
        lengths = np.square(centres).sum(axis=1).astype(self.dtype)
        return [scaled[s : s + _CENTRES] for s in range(0, len(scaled), _CENTRES)], lengths

    def products(self, rows: slice, chunk: Any) -> NDArray[Any]:
        """(k, n) of -2 x.c."""
        return np.asarray(chunk @ self._block(rows).T)

    def count(self, centres: Centres) -> int:
        """How many centres."""
        return len(centres)


class Outer(Geometry):
    """Products a (x) h of gradient factors a (N, C) and h (N, D), never written down."""

    def __init__(self, a: NDArray[Any], h: NDArray[Any]) -> None:
        self.a, self.h = a, h
        self.size, self.dtype = len(a), _kind(h)
        self.norms = np.empty(self.size, dtype=self.dtype)
        for rows in self.blocks(a.shape[1] + h.shape[1]):
            x, y = self.a[rows].astype(self.dtype), self.h[rows].astype(self.dtype)
            self.norms[rows] = np.einsum("nc,nc->n", x, x) * np.einsum("nd,nd->n", y, y)

    def gather(self, rows: NDArray[np.int64]) -> Centres:
        """(m, C) and (m, D) float64."""
        return self.a[rows].astype(np.float64), self.h[rows].astype(np.float64)

    def pairs(self, a: Centres, b: Centres) -> NDArray[np.float64]:
        """(m, k) in float64."""
        one = np.square(a[0]).sum(axis=1) * np.square(a[1]).sum(axis=1)
        two = np.square(b[0]).sum(axis=1) * np.square(b[1]).sum(axis=1)
        lengths = one[:, None] + two[None, :]
        out = lengths - 2.0 * (a[0] @ b[0].T) * (a[1] @ b[1].T)
        out[out < 64 * np.finfo(np.float64).eps * lengths] = 0.0
        return np.asarray(out)

    def prepare(self, centres: Centres) -> tuple[list[Any], NDArray[Any]]:
        """Chunks of (-2 a, h), and |a|^2 |h|^2."""
        a, h = centres
        lengths = (np.square(a).sum(axis=1) * np.square(h).sum(axis=1)).astype(self.dtype)
        scaled, other = np.asarray(-2.0 * a, dtype=self.dtype), np.asarray(h, dtype=self.dtype)
        return [(scaled[s : s + _CENTRES], other[s : s + _CENTRES]) for s in range(0, len(a), _CENTRES)], lengths

    def products(self, rows: slice, chunk: Any) -> NDArray[Any]:
        """(k, n) of -2 (a_i.a_j)(h_i.h_j)."""
        out = chunk[0] @ self.a[rows].astype(self.dtype, copy=False).T
        out *= chunk[1] @ self.h[rows].astype(self.dtype, copy=False).T
        return np.asarray(out)

    def count(self, centres: Centres) -> int:
        """How many centres."""
        return len(centres[0])
