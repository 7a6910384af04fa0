"""Seeding in proportion to the square of (ease of flipping times cosine distance to what is chosen)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.blocks import blocks
from querist.strategies.kernels.order import top

__all__ = ["Directions", "draw", "ease", "first", "unit"]

_NEAR = 1e-5
"""Cosine distances below it are 0."""


def ease(metric: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Weights that fall with the least disagree metric, the n smallest having as much in all as the rest.

    Source: Cho, Lee and Yoo, 2024, in its code: exp(-max(metric - q, 0) / q), q being the metric of place n + 1; the
    weights of the rest are scaled to sum to n, and none is above 1.

    Args:
        metric: (N,) at least 0.
        n: size of the batch, 1 <= n <= N.

    Returns:
        (N,) in (0, 1].
    """
    ordered = np.sort(metric)
    quantile = float(ordered[min(n, len(ordered) - 1)])
    if quantile == 0.0:
        above = ordered[ordered > 0]
        if not len(above):
            return np.ones(len(metric))
        quantile = float(above[0])
    out = np.exp(-np.maximum(metric - quantile, 0.0) / quantile)
    out = np.maximum(out, np.finfo(np.float64).tiny)
    if n < len(metric):
        rest = metric > ordered[n - 1]  # those alike at the border count with the n smallest
        if rest.any():
            out[rest] *= n / out[rest].sum()
    return np.asarray(np.clip(out, np.finfo(np.float64).tiny, 1.0))


class Directions:
    """Rows by direction, with cosine distances to what is chosen; a row of zeros is at distance 1 from all.

    Args:
        x: (N, D) embedding; not changed.
    """

    def __init__(self, x: NDArray[Any]) -> None:
        self.size = len(x)
        short = x.dtype.kind == "f" and x.dtype.itemsize <= 4
        self._unit = np.empty(x.shape, dtype=np.float32 if short else np.float64)
        for rows, block in blocks(x):
            self._unit[rows] = unit(block)

    def distance(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """(N,) cosine distance to the nearest of ``points`` (K, D)."""
        out = np.full(self.size, np.inf)
        for start in range(0, len(points), 256):
            some = unit(np.asarray(points[start : start + 256], dtype=self._unit.dtype))
            for rows, block in blocks(self._unit):
                far = (1.0 - (block @ some.T).max(axis=1, initial=-1.0)).astype(np.float64)
                out[rows] = np.minimum(out[rows], np.where(far < _NEAR, 0.0, far))
        return out

    def row(self, row: int) -> NDArray[Any]:
        """(1, D) of unit length."""
        return self._unit[row : row + 1]


def unit(x: NDArray[Any]) -> NDArray[Any]:
    """Rows of length 1; rows of zeros stay."""
    length = np.sqrt(np.vecdot(x, x))[:, None]
    return np.asarray(np.divide(x, length, out=np.zeros_like(x), where=length > 0))


def draw(weights: NDArray[np.float64], uniforms: NDArray[np.float64], free: NDArray[np.bool_]) -> int:
    """A free row in proportion to its weight; by the uniform numbers alone when no free row has any."""
    rows = np.flatnonzero(free & (weights > 0))
    if not len(rows):
        rows = np.flatnonzero(free)
        return int(rows[uniforms[rows].argmin()])
    return int(rows[(-np.log(uniforms[rows]) / weights[rows]).argmin()])  # the first of exponential clocks to ring


def first(metric: NDArray[np.float64], keys: NDArray[np.uint64]) -> int:
    """The row of smallest metric."""
    return int(top(-metric, 1, keys)[0])
