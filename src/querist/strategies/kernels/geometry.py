"""Squared distances from many points to many centres, by matrix products in blocks.

|x - c|^2 = |x|^2 - 2 x.c + |c|^2, with the points shifted to their mean so that little is lost to cancellation. One pass
over the points serves any number of centres, holds a block at a time, and leaves one number a point: memory-maps stream.

`Outer` does the same for products a (x) h of gradient factors, whose C * D numbers are never written down:
|g_i - g_j|^2 = |a_i|^2 |h_i|^2 + |a_j|^2 |h_j|^2 - 2 (a_i.a_j)(h_i.h_j).

Small sets of points are computed in float64 whatever they are stored in: it costs nothing there, and ties stay ties.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.rows import DeviceRows, Rows
from querist.strategies.kernels.products import CENTRES, Factors, Products, chunks, fast, on_device, share

__all__ = ["Euclidean", "Geometry", "Outer"]

Centres = Any
"""What `Geometry.gather` gives and `Geometry.lower` takes: an array, or a pair of arrays."""
_CELLS = 1 << 20
"""Numbers in a block of points or of products."""
_SMALL = 1 << 18
"""Numbers up to which points are computed in float64."""


class Geometry(ABC):
    """Points with squared distances.

    Args:
        size: number of points.
        width: numbers a point is stored in.
        dtype: float32 or float64; of the products and of the distances.
        norms: (N,) squared lengths, of the shifted points where there is a shift.
    """

    size: int
    width: int
    dtype: np.dtype[Any]
    norms: NDArray[Any]
    sources: tuple[Rows, ...]

    @abstractmethod
    def gather(self, rows: NDArray[np.int64]) -> Centres:
        """Some points, in float64."""

    @abstractmethod
    def pairs(self, a: Centres, b: Centres) -> NDArray[np.float64]:
        """(m, k) squared distances between gathered points, in float64."""

    @abstractmethod
    def scaled(self, centres: Centres) -> tuple[Factors, NDArray[np.float64]]:
        """Factors of the centres with -2 multiplied in, and their squared lengths: products of them give -2 x.c."""

    @abstractmethod
    def factors(self, rows: slice) -> Factors:
        """A block of points in `dtype`; good until this thread asks for the next."""

    @abstractmethod
    def on_device(self, rows: slice) -> tuple[Any, ...]:
        """The same as float32 tensors, where the points lie on a device."""

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
        way, ready = self._ready(centres)

        def work(rows: slice) -> None:
            block = self._points(rows, way)
            best = way.low(block, ready[0])
            for chunk in ready[1:]:
                np.minimum(best, way.low(block, chunk), out=best)
            norms = self.norms[rows]
            best += norms
            best[best < 2 * self.slack * norms] = 0.0
            np.minimum(nearest[rows], best, out=nearest[rows])

        share(way, self.blocks(min(self.count(centres), CENTRES)), work)

    def assign(self, nearest: NDArray[Any], label: NDArray[np.int32], centres: Centres, number: int = 0) -> None:
        """Lower ``nearest`` as `lower` does, and put the number of the nearest centre into (N,) ``label``.

        Centres are numbered from ``number`` on. Of centres that are equally near, but for rounding, the earliest counts.
        """
        if self.count(centres) == 0:
            return
        way, ready = self._ready(centres)

        def work(rows: slice) -> None:
            block = self._points(rows, way)
            norms, best, mine = self.norms[rows], nearest[rows], label[rows]
            for place, chunk in enumerate(ready):
                table = way.table(block, chunk)
                low = table.min(axis=1)
                near = low + norms
                tie = self.slack * (norms + np.abs(near))
                near[near < 2 * self.slack * norms] = 0.0
                closer = np.flatnonzero(near < best - tie)
                if len(closer) == 0:
                    continue
                if 2 * len(closer) > len(near):
                    first = (table <= (low + tie)[:, None]).argmax(axis=1)[closer]
                else:
                    first = (table[closer] <= (low + tie)[closer, None]).argmax(axis=1)
                best[closer] = near[closer]
                mine[closer] = first + (number + place * CENTRES)

        share(way, self.blocks(min(self.count(centres), CENTRES)), work)

    def tables(self, centres: Centres) -> Iterator[tuple[slice, slice, NDArray[Any]]]:
        """Rows, numbers of centres, and the (n, k) squared distances between them, a block at a time."""
        way, ready = self._ready(centres)
        with way.alone():
            for rows in self.blocks(min(self.count(centres), CENTRES)):
                block, norms = self._points(rows, way), self.norms[rows]
                for place, chunk in enumerate(ready):
                    table = way.table(block, chunk) + norms[:, None]
                    table[table < 2 * self.slack * norms[:, None]] = 0.0
                    start = place * CENTRES
                    yield rows, slice(start, start + table.shape[1]), table

    def distances(self, centres: Centres) -> NDArray[Any]:
        """(k, N) squared distances to a few centres: the only method that holds k N numbers."""
        way, ready = self._ready(centres)
        out = np.empty((self.count(centres), self.size), dtype=self.dtype)

        def work(rows: slice) -> None:
            block = self._points(rows, way)
            norms = self.norms[rows]
            for place, chunk in enumerate(ready):
                piece = way.table(block, chunk).T + norms
                piece[piece < 2 * self.slack * norms] = 0.0
                out[place * CENTRES : place * CENTRES + len(piece), rows] = piece

        share(way, self.blocks(min(self.count(centres), CENTRES)), work)
        return out

    def blocks(self, centres: int) -> Iterator[slice]:
        """Slices of points such that a block of them and of their products stay in the cache."""
        step = max(256, min(_CELLS // max(centres, 64), _CELLS // max(self.width, 1)))
        for start in range(0, self.size, step):
            yield slice(start, min(start + step, self.size))

    def _ready(self, centres: Centres) -> tuple[Products, list[Any]]:
        operations = 2.0 * self.size * self.count(centres) * self.width
        device = self.sources[-1].array
        way = on_device(device.tensor) if isinstance(device, DeviceRows) and self.dtype == np.float32 else None
        way = way or fast(self.dtype, operations)
        factors, lengths = self.scaled(centres)
        ready = tuple(np.asarray(f, dtype=self.dtype) for f in factors)
        return way, chunks(way, ready, lengths.astype(self.dtype))

    def _points(self, rows: slice, way: Products) -> tuple[Any, ...]:
        return self.on_device(rows) if way.device else self.factors(rows)


def _kind(array: Any) -> np.dtype[Any]:
    short = array.dtype.kind == "f" and array.dtype.itemsize <= 4 and array.size > _SMALL
    return np.dtype(np.float32 if short else np.float64)


def _pairs(lengths: NDArray[np.float64], products: NDArray[np.float64]) -> NDArray[np.float64]:
    out = lengths - 2.0 * products
    out[out < 64 * np.finfo(np.float64).eps * lengths] = 0.0
    return out


class Euclidean(Geometry):
    """Rows of an embedding (N, D), in memory, memory-mapped or on a device; not changed."""

    def __init__(self, x: Any) -> None:
        self.x = x
        self.size, self.width, self.dtype = len(x), x.shape[1], _kind(x)
        self.sources = (Rows(x),)
        self._local = threading.local()
        total = np.zeros(self.width)
        for rows in self.blocks(1):
            total += self.sources[0].block(rows).sum(axis=0, dtype=self.dtype)
        self._shift = (total / max(self.size, 1)).astype(self.dtype)
        self.mean = self._shift.astype(np.float64)
        """The shift: the mean of the points, rounded to `dtype`."""
        self.norms = np.empty(self.size, dtype=self.dtype)
        for rows in self.blocks(1):
            (block,) = self.factors(rows)
            self.norms[rows] = np.einsum("nd,nd->n", block, block)

    def narrow(self, rows: NDArray[np.int64]) -> Euclidean:
        """Some of the points, copied, in the same coordinates."""
        out = copy(self)
        out.x = self.sources[0].take(rows)
        out.size, out.sources, out.norms, out._local = len(rows), (Rows(out.x),), self.norms[rows], threading.local()
        return out

    def factors(self, rows: slice) -> Factors:
        """(n, D) shifted."""
        block = self.sources[0].block(rows)
        scratch = getattr(self._local, "scratch", None)
        if scratch is None or len(scratch) < len(block):  # fresh memory would cost more than the subtraction
            scratch = self._local.scratch = np.empty((len(block), self.width), dtype=self.dtype)
        return (np.subtract(block, self._shift, dtype=self.dtype, out=scratch[: len(block)]),)

    def on_device(self, rows: slice) -> tuple[Any, ...]:
        """(n, D) shifted."""
        block = self.x.tensor[rows].float()
        return (block - block.new_tensor(self._shift),)

    def gather(self, rows: NDArray[np.int64]) -> Centres:
        """(m, D) float64, shifted."""
        return self.shifted(self.sources[0].take(rows))

    def shifted(self, x: Any) -> NDArray[np.float64]:
        """Foreign points (labelled, pending) in the same coordinates."""
        return np.asarray(x, dtype=np.float64) - self.mean

    def pairs(self, a: Centres, b: Centres) -> NDArray[np.float64]:
        """(m, k) in float64."""
        return _pairs(np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1)[None, :], a @ b.T)

    def scaled(self, centres: Centres) -> tuple[Factors, NDArray[np.float64]]:
        """-2 c, and |c|^2."""
        return (-2.0 * centres,), np.square(centres).sum(axis=1)

    def count(self, centres: Centres) -> int:
        """How many centres."""
        return len(centres)


class Outer(Geometry):
    """Products a (x) h of gradient factors a (N, C) and h (N, D), never written down."""

    def __init__(self, a: Any, h: Any) -> None:
        self.a, self.h = a, h
        self.size, self.width, self.dtype = len(a), a.shape[1] + h.shape[1], _kind(h)
        self.sources = (Rows(a), Rows(h))
        self.norms = np.empty(self.size, dtype=self.dtype)
        for rows in self.blocks(1):
            x, y = self.factors(rows)
            self.norms[rows] = np.einsum("nc,nc->n", x, x) * np.einsum("nd,nd->n", y, y)

    def factors(self, rows: slice) -> Factors:
        """(n, C) and (n, D)."""
        return tuple(source.block(rows).astype(self.dtype, copy=False) for source in self.sources)

    def on_device(self, rows: slice) -> tuple[Any, ...]:
        """(n, C) and (n, D)."""
        h = self.h.tensor[rows].float()
        a = self.a.tensor[rows].float() if isinstance(self.a, DeviceRows) else h.new_tensor(self.sources[0].block(rows))
        return a, h

    def gather(self, rows: NDArray[np.int64]) -> Centres:
        """(m, C) and (m, D) float64."""
        return tuple(source.take(rows).astype(np.float64) for source in self.sources)

    def pairs(self, a: Centres, b: Centres) -> NDArray[np.float64]:
        """(m, k) in float64."""
        one = np.square(a[0]).sum(axis=1) * np.square(a[1]).sum(axis=1)
        two = np.square(b[0]).sum(axis=1) * np.square(b[1]).sum(axis=1)
        return _pairs(one[:, None] + two[None, :], (a[0] @ b[0].T) * (a[1] @ b[1].T))

    def scaled(self, centres: Centres) -> tuple[Factors, NDArray[np.float64]]:
        """(-2 a, h), and |a|^2 |h|^2."""
        a, h = centres
        return (-2.0 * a, h), np.square(a).sum(axis=1) * np.square(h).sum(axis=1)

    def count(self, centres: Centres) -> int:
        """How many centres."""
        return len(centres[0])
