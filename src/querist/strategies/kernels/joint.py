"""What the label of one item tells about the labels of others: contractions of members (N, S, C) with (M, S, K).

With the joint J(y, y') = mean over members of p_s(y|x) p_s(y'|x'), everything here is a function of the ratio
J / (p q) = 1 + r, p and q being the means over members. r comes out of one matrix product of deviations divided by means,

    r(y, y') = mean over s of (p_s(y)/p(y) - 1) (q_s(y')/q(y') - 1),

so that members that agree give exactly 0 and small information loses no digits to the difference of large entropies.
Every entry of both factors lies in [-1, S - 1]; no logarithm of a tiny probability is taken. Products are made in tiles
of fixed shape, padded with zeros, so that a row's result does not depend on its place: reordering a pool moves no tie.
Where the machine's float32 product depends on the place all the same, as OpenBLAS for Haswell does, it is made in float64.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "expected_error_drop",
    "expected_information",
    "expected_squared_change",
    "gain_vectors",
    "ratios",
]

_ROWS = 512
"""Rows (items times classes) of a tile."""
_COLUMNS = 1024
"""Columns of a tile: 2 MiB in float32, which stays in the cache between the passes over it."""
_CHUNK = 64 << 20
"""Bytes of reference deviations that are held at a time."""
_STRIP = 64
_EDGE = 64
"""Tiles are padded to multiples of it, so that no row is computed by the code for remainders."""


@dataclass(frozen=True)
class _Side:
    """Some items, ready for products: (rows, S) deviations divided by means, and (rows,) means; rows = items x classes."""

    items: int
    classes: int
    deviations: NDArray[Any]
    means: NDArray[Any]

    @property
    def rows(self) -> int:
        """Rows that are not padding."""
        return self.items * self.classes


def ratios(members: NDArray[Any], dtype: np.dtype[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """p_s / p - 1, transposed, and p: (B, S, C) -> (B, C, S), (B, C). Where p is 0 the ratio is taken as 1.

    Measured from the first member, so that members that agree give exactly 0.
    """
    block = np.ascontiguousarray(members, dtype=dtype)
    first = block[:, :1, :]
    apart = block - first
    shift = np.matmul(np.ones(block.shape[1], dtype=dtype), apart) / dtype.type(block.shape[1])
    mean = first[:, 0, :] + shift
    apart -= shift[:, None, :]
    np.divide(apart, mean[:, None, :], out=apart, where=mean[:, None, :] > 0)
    apart[np.broadcast_to(mean[:, None, :] <= 0, apart.shape)] = 0
    return np.ascontiguousarray(apart.transpose(0, 2, 1)), np.maximum(mean, 0)


def _kind(*arrays: NDArray[Any]) -> np.dtype[Any]:
    short = all(array.dtype.kind == "f" and array.dtype.itemsize <= 4 for array in arrays)
    return np.dtype(np.float32 if short else np.float64)


@functools.cache
def _even(dtype: np.dtype[Any]) -> bool:
    """Whether equal rows and columns have equal products wherever they stand; asked once a process, of one tile."""
    rng = np.random.default_rng(0)
    rows, columns = (rng.standard_normal(shape).astype(dtype) for shape in ((_ROWS, 33), (33, _COLUMNS)))
    turned = np.ascontiguousarray(rows[::-1]) @ np.ascontiguousarray(columns[:, ::-1])
    return np.array_equal(rows @ columns, turned[::-1, ::-1])


def _product(a: NDArray[Any], b: NDArray[Any], out: NDArray[Any]) -> None:
    """a @ b into ``out``, the same for equal rows."""
    np.matmul(a, b, out=out, dtype=out.dtype if _even(out.dtype) else np.float64, casting="same_kind")


def _height(classes: int, most: int) -> int:
    """Rows of a group of items, padding included."""
    return -(-max(1, most // classes) * classes // _EDGE) * _EDGE


def _sides(members: NDArray[Any], dtype: np.dtype[Any], most: int) -> Iterator[tuple[slice, _Side]]:
    """The items in groups of at most ``most`` rows (one item at least), each group padded to the same shape."""
    size, samples, classes = members.shape
    step, height = max(1, most // classes), _height(classes, most)
    for start in range(0, size, step):
        block = members[start : start + step]
        deviations = np.zeros((height, samples), dtype=dtype)
        means = np.zeros(height, dtype=dtype)
        part, mean = ratios(block, dtype)
        deviations[: mean.size] = part.reshape(mean.size, samples)
        means[: mean.size] = mean.reshape(-1)
        yield slice(start, start + len(block)), _Side(len(block), classes, deviations, means)


def _chunks(reference: NDArray[Any], dtype: np.dtype[Any]) -> Iterator[NDArray[Any]]:
    size, samples, classes = reference.shape
    step = max(1, _CHUNK // max(samples * classes * dtype.itemsize, 1))
    for start in range(0, size, step):
        yield reference[start : start + step]


class _Tiles:
    """The products of all pool items with all reference items, tile by tile: r in a buffer that is used again."""

    def __init__(self, members: NDArray[Any], reference: NDArray[Any]) -> None:
        self.members, self.reference = members, reference
        self.dtype = _kind(members, reference)
        self.columns = min(_COLUMNS, reference.shape[0] * reference.shape[2])  # few items: narrow tiles
        self.floor = self.dtype.type(np.finfo(self.dtype).eps / 2 - 1)  # 1 + r is a probability ratio: never below 0

    def __iter__(self) -> Iterator[tuple[slice, _Side, slice, _Side, NDArray[Any], NDArray[Any]]]:
        """Rows, pool side, columns, reference side, r (rows, columns) and a buffer of the same shape."""
        samples = self.dtype.type(self.members.shape[1])
        shape = (_height(self.members.shape[2], _ROWS), _height(self.reference.shape[2], self.columns))
        r, buffer = np.empty(shape, self.dtype), np.empty(shape, self.dtype)
        offset = 0
        for chunk in _chunks(self.reference, self.dtype):
            columns = []
            for place, side in _sides(chunk, self.dtype, self.columns):
                turned = np.ascontiguousarray((side.deviations / samples).T)
                columns.append((slice(offset + place.start, offset + place.stop), side, turned))
            offset += len(chunk)
            for rows, one in _sides(self.members, self.dtype, _ROWS):
                for place, other, turned in columns:
                    _product(one.deviations, turned, r)
                    yield rows, one, place, other, r, buffer


def expected_information(members: NDArray[Any], reference: NDArray[Any]) -> NDArray[np.float64]:
    """Mean over reference items of the mutual information of the two labels, in nats: (N,) at least 0.

    The information is the sum over (y, y') of p q [(1 + r) log(1 + r) - r]; the last term adds up to 0 and keeps every
    summand at 0 or above.

    Args:
        members: (N, S, C) probabilities; sample s is one model in both sets.
        reference: (M, S, K) probabilities.
    """
    out = np.zeros(len(members))
    tiles = _Tiles(members, reference)
    for rows, one, _, other, r, buffer in tiles:
        _information(r, buffer, tiles.floor)
        sums = np.vecdot(buffer, other.means)
        out[rows] += _by_item(sums, one)
    return out / len(reference)


def _information(r: NDArray[Any], out: NDArray[Any], floor: Any) -> None:
    """(1 + r) log(1 + r) - r, in strips that stay in the nearest cache; r is overwritten."""
    one = np.empty((_STRIP, r.shape[1]), dtype=r.dtype)
    for start in range(0, len(r), _STRIP):
        strip, logs = r[start : start + _STRIP], out[start : start + _STRIP]
        np.maximum(strip, floor, out=strip)
        np.log1p(strip, out=logs)
        np.add(strip, 1, out=one)  # made apart: (log - 1) + 1 would round small information away
        np.multiply(logs, one, out=logs)
        np.subtract(logs, strip, out=logs)


def _by_item(sums: NDArray[Any], side: _Side) -> NDArray[np.float64]:
    """(rows,) sums over y' to (items,) sums over y, weighted by p(y)."""
    weighted = sums[: side.rows].astype(np.float64) * side.means[: side.rows]
    return np.asarray(weighted.reshape(side.items, side.classes).sum(axis=1))


def expected_squared_change(members: NDArray[Any], reference: NDArray[Any]) -> NDArray[np.float64]:
    """Sum over y of p(y) times the mean over reference items of ||q(.|x, y) - q||^2: (N,) at least 0.

    After an answer y the members are re-weighted by p_s(y|x); q(y'|x, y) = J(y, y') / p(y) = q(y') (1 + r). So the change
    is linear in the reference's deviations, and all that is needed of the whole reference set is the (S, S) matrix of
    their products: N C S^2 operations whatever the number of reference items.
    """
    samples = members.shape[1]
    gram = np.zeros((samples, samples))
    dtype = _kind(members, reference)
    for _, side in _sides(reference, dtype, 4 * _COLUMNS):
        scaled = side.deviations * side.means[:, None]
        gram += scaled.T @ scaled
    gram /= float(samples) ** 2 * len(reference)
    narrow = gram.astype(dtype)
    out = np.empty(len(members))
    for rows, one in _sides(members, dtype, _ROWS):
        turned = np.empty_like(one.deviations)
        _product(one.deviations, narrow, turned)
        out[rows] = _by_item(np.vecdot(turned, one.deviations), one)
    return np.maximum(out, 0.0)


def gain_vectors(members: NDArray[Any], reference: NDArray[Any], *, squared: bool) -> NDArray[Any]:
    """The gain of each pool item on each reference item: (N, M); its mean over M is one of the two scores above.

    Args:
        members: (N, S, C).
        reference: (M, S, K).
        squared: squared change (``core_mse``) or information (``core_log``).
    """
    tiles = _Tiles(members, reference)
    out = np.empty((len(members), len(reference)), dtype=tiles.dtype)
    for rows, one, columns, other, r, buffer in tiles:
        if squared:
            np.multiply(r, r, out=buffer)
            weights = other.means * other.means
        else:
            _information(r, buffer, tiles.floor)
            weights = other.means
        buffer *= weights
        part = buffer[: one.rows, : other.rows].reshape(one.rows, other.items, other.classes).sum(axis=2)
        part *= one.means[: one.rows, None]
        out[rows, columns] = part.reshape(one.items, one.classes, other.items).sum(axis=1)
    return out


def expected_error_drop(
    members: NDArray[Any], reference: NDArray[Any], sharpness: float | None = None
) -> NDArray[np.float64]:
    """Mean over reference items of how much an answer is expected to raise the largest mean probability: (N,) >= 0.

    Sum over y of p(y) top(q(.|x, y)) - top(q), top being the largest entry, or with ``sharpness`` k its smooth form
    log(sum of exp(k q)) / k. Both are convex, so by Jensen's inequality the expected drop is at least 0.
    """
    tiles = _Tiles(members, reference)
    out = np.zeros(len(members))
    for rows, one, _, other, r, _buffer in tiles:
        np.add(r, 1, out=r)
        np.multiply(r, other.means, out=r)  # q(y'|x, y)
        after = _top(r[: one.rows, : other.rows].reshape(one.rows, other.items, other.classes), sharpness)
        before = _top(other.means[: other.rows].reshape(1, other.items, other.classes), sharpness)
        gained = (after - before).sum(axis=1, dtype=np.float64)
        out[rows] += _by_item(gained, one)
    noise = 8.0 * float(np.finfo(tiles.dtype).eps)
    out /= len(reference)
    return np.where(out > noise, out, 0.0)


def _top(q: NDArray[Any], sharpness: float | None) -> NDArray[Any]:
    largest = q.max(axis=2)
    if sharpness is None:
        return np.asarray(largest)
    rest = np.exp((q - largest[..., None]) * q.dtype.type(sharpness)).sum(axis=2)
    return np.asarray(largest + np.log(rest) / q.dtype.type(sharpness))
