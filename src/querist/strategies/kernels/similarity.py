"""Kernels between all rows of a pool, a tile at a time: Gaussian, cosine and top-hat. No N x N matrix is ever held.

For the Gaussian and the top-hat the exponent -|x - c|^2 / 2 of scaled rows is one product: the row (x, -|x|^2 / 2) times
the column (c, 1), plus -|c|^2 / 2 for the column, so that clipping can be fused into it. Rows are shifted to their mean.
Where float32 could not tell the distances that matter from rounding, the numbers are held in float64; where float64 could
not either, distances are taken of the rows' differences, slower and exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.blocks import blocks
from querist.strategies.kernels.clipped import clipped_product
from querist.strategies.kernels.lengths import unit_rows

__all__ = ["SQUARE", "Columns", "Similarity", "cosine", "gaussian", "top_hat"]

Columns = tuple[NDArray[Any], NDArray[Any] | None]
"""Right-hand rows and the term of each, ready for a product."""
SQUARE = 1024
"""Rows and columns of a tile of a pass over all pairs."""
_TILE = 1 << 19
_LEAST_EXPONENT = -87.0
"""exp of it is the smallest normal float32: what is farther has similarity 0 but for that."""
_UNSURE = 1e-4
"""Largest rounding of an exponent that a product is trusted with."""


class Similarity:
    """Rows with a kernel.

    Args:
        kind: "gaussian", "cosine" or "top_hat".
        left: (N, D) unit rows, or (N, D + 1) scaled and shifted rows with -|x|^2 / 2 behind.
        place: shift and scale that lead there, for foreign points.
        edge: exponent from which on the top-hat is 1.
        exact: distances by differences; no product of such long rows can tell them.
    """

    def __init__(
        self, kind: str, left: NDArray[Any], place: tuple[Any, float], edge: float = 0.0, *, exact: bool = False
    ) -> None:
        self.kind, self.left, self._place, self.edge, self._exact = kind, left, place, edge, exact
        self._right_side = self._turn(left)
        self.size, self.dtype = len(left), left.dtype
        self.base = -1.0 if kind == "cosine" else 0.0
        """Similarity to nothing: the least value of the kernel."""

    def columns(self, rows: NDArray[np.int64] | slice) -> Columns:
        """Some rows of the pool as right-hand sides."""
        right, bias = self._right_side
        return right[rows], None if bias is None else bias[rows]

    def placed(self, points: NDArray[Any]) -> NDArray[Any]:
        """Points (M, D) from elsewhere (labelled, pending, a target set) as left-hand sides."""
        if self.kind == "cosine":
            return unit_rows(points).astype(self.dtype)
        shift, scale = self._place
        return _with_lengths((np.asarray(points, dtype=np.float64) - shift) * scale, self.dtype)

    def foreign(self, points: NDArray[Any]) -> Columns:
        """Points (M, D) from elsewhere as right-hand sides."""
        return self._turn(self.placed(points))

    def _turn(self, left: NDArray[Any]) -> Columns:
        if self.kind == "cosine":
            return left, None
        right = left.copy()
        right[:, -1] = 1.0
        return right, left[:, -1].copy()

    def tile(self, rows: slice | NDArray[np.int64], columns: Columns) -> NDArray[Any]:
        """(m, k) kernel values of some rows with some columns; a new array."""
        return self.values(self.left[rows], columns)

    def values(self, left: NDArray[Any], columns: Columns) -> NDArray[Any]:
        """(m, k) kernel values of left-hand with right-hand sides; a new array."""
        if self.kind == "cosine":
            return clipped_product(left, columns[0], None, -1.0, 1.0)
        if self.kind == "gaussian":
            out = self._exponents(left, columns, _LEAST_EXPONENT, 0.0)
            return np.asarray(np.exp(out, out=out))
        return self._within(left, columns).astype(self.dtype)

    def inside(self, rows: slice | NDArray[np.int64], columns: Columns) -> NDArray[np.bool_]:
        """(m, k) whether the distance is below the radius (top-hat only)."""
        return self._within(self.left[rows], columns)

    def _within(self, left: NDArray[Any], columns: Columns) -> NDArray[np.bool_]:
        return np.asarray(self._exponents(left, columns, -1e30, 1e30) > self.edge)

    def _exponents(self, left: NDArray[Any], columns: Columns, low: float, high: float) -> NDArray[Any]:
        """-|x - c|^2 / 2, clipped."""
        if not self._exact:
            return clipped_product(left, *columns, low, high)
        from scipy.spatial.distance import cdist

        return np.clip(-0.5 * cdist(left[:, :-1], columns[0][:, :-1], "sqeuclidean"), low, high)

    def tall(self, width: int) -> Iterator[slice]:
        """Slices of all rows, such that a tile with ``width`` columns stays in the cache."""
        step = int(np.clip(_TILE // max(width, 1), 256, 1 << 14))
        for start in range(0, self.size, step):
            yield slice(start, min(start + step, self.size))

    def squares(self) -> Iterator[tuple[slice, slice, Columns]]:
        """Pairs of slices that meet every pair of rows once: (rows, columns) with columns not before rows."""
        edges = [slice(s, min(s + SQUARE, self.size)) for s in range(0, self.size, SQUARE)]
        for at, place in enumerate(edges):
            right = self.columns(place)
            for rows in edges[: at + 1]:
                yield rows, place, right

    def nearest_to(self, points: NDArray[Any]) -> NDArray[Any]:
        """(N,) largest kernel value with any of the points (M, D); the base where there are none."""
        best = np.full(self.size, self.base, dtype=self.dtype)
        for start in range(0, len(points), SQUARE):
            right = self.foreign(points[start : start + SQUARE])
            for rows in self.tall(len(right[0])):
                np.maximum(best[rows], self.tile(rows, right).max(axis=1), out=best[rows])
        return best


def gaussian(x: NDArray[Any], gamma: float) -> Similarity:
    """exp(-gamma d^2), d the Euclidean distance of rows of x (N, D)."""
    scale = float(np.sqrt(2.0 * gamma))
    left, shift, longest = _scaled(x, scale, _UNSURE)
    return Similarity("gaussian", left, (shift, scale), exact=_rounding(np.float64, longest) > _UNSURE)


def top_hat(x: NDArray[Any], delta: float) -> Similarity:
    """1 where the Euclidean distance of rows of x (N, D) is below delta, else 0; within rounding of delta it is 0."""
    left, shift, longest = _scaled(x, 1.0, _UNSURE * delta**2)
    exact = _rounding(np.float64, longest) > _UNSURE * delta**2
    rounding = 0.0 if exact else 2 * _rounding(left.dtype, longest)
    edge = -0.5 * delta**2 + min(rounding, 0.25 * delta**2)
    return Similarity("top_hat", left, (shift, 1.0), edge, exact=exact)


def cosine(x: NDArray[Any]) -> Similarity:
    """The cosine of rows of x (N, D); a zero row has cosine 0 with every row."""
    left = np.empty(x.shape, dtype=_kind(x))
    for rows, block in blocks(x):
        left[rows] = unit_rows(block)
    return Similarity("cosine", left, (0.0, 1.0))


def _kind(array: NDArray[Any]) -> np.dtype[Any]:
    return np.dtype(np.float32 if array.dtype.kind == "f" and array.dtype.itemsize <= 4 else np.float64)


def _rounding(dtype: Any, longest: float) -> float:
    """What rounding does to an exponent, of rows with |x|^2 of at most ``longest``."""
    return 4.0 * float(np.finfo(dtype).eps) * longest


def _scaled(x: NDArray[Any], scale: float, unsure: float) -> tuple[NDArray[Any], NDArray[np.float64], float]:
    """Shifted, scaled rows with -|x|^2 / 2 behind, the shift, and the largest |x|^2."""
    total, longest = np.zeros(x.shape[1]), 0.0
    for _, block in blocks(x):
        total += block.sum(axis=0, dtype=np.float64)
    mean = total / max(len(x), 1)
    for _, block in blocks(x):
        rest = (block - mean) * scale
        longest = max(longest, float(np.vecdot(rest, rest).max(initial=0.0)))
    dtype = _kind(x) if _rounding(np.float32, longest) < unsure else np.dtype(np.float64)
    left = np.empty((len(x), x.shape[1] + 1), dtype=dtype)
    for rows, block in blocks(x):
        left[rows] = _with_lengths((block - mean) * scale, dtype)
    return left, mean, longest


def _with_lengths(rows: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Rows in ``dtype`` with -|x|^2 / 2 behind: of the rounded rows, so that equal rows are at distance 0 but for sums."""
    wide = rows.astype(dtype).astype(np.float64)
    return np.concatenate([wide, -0.5 * np.vecdot(wide, wide)[:, None]], axis=1).astype(dtype)
