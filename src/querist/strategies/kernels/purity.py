"""Distances that say how wide a ball or a kernel should be."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.k_means import k_means

__all__ = ["low_distance", "pure_radius"]

_SHARE = 0.05
_PURE = 0.95
_CENTRES = 1_000
_FITTED = 10_000
_GRID = 200
_BLOCK = 4_096


def low_distance(points: NDArray[Any], share: float = _SHARE) -> float:
    """The ``share`` quantile of Euclidean distances among points (M, D); of those above 0 when it is 0; else 1."""
    distances = _distances(points)
    for some in (distances, distances[distances > 0]):
        if len(some) and (low := float(np.quantile(some, share))) > 0:
            return low
    return 1.0


def pure_radius(x: NDArray[Any], clusters: int, keys: NDArray[np.uint64], generator: np.random.Generator) -> float:
    """The largest of 200 distance quantiles at which at least 95 % of the balls hold one k-means cluster only.

    The balls are those around at most 1,000 rows, and hold rows of the whole pool; the quantiles are those of the
    distances among the same rows; k-means is fitted on at most 10,000 rows. The rows are those of lowest key, so that
    the order of the pool plays no part. Where no quantile is pure the smallest above 0 is taken.

    Source: Yehuda, Dekel, Hacohen and Weinshall, Active Learning Through a Covering Lens, 2022 (the purity of
    balls, k-means clusters standing for classes).

    Args:
        x: (N, D) rows.
        clusters: how many, as many as classes.
        keys: (N,) tie keys.
        generator: for the start of k-means.
    """
    order = np.argsort(keys, kind="stable")
    fitted = np.asarray(x[order[:_FITTED]])
    middles = k_means(fitted, min(clusters, len(fitted)), generator)
    geometry = Euclidean(x)
    centres = geometry.shifted(middles)
    balls = geometry.gather(order[:_CENTRES])
    own = geometry.pairs(balls, centres).argmin(axis=1)
    nearest = np.full(len(balls), np.inf)  # squared distance to the nearest row of another cluster
    for start in range(0, geometry.size, _BLOCK):
        block = geometry.gather(np.arange(start, min(start + _BLOCK, geometry.size)))
        cluster = geometry.pairs(block, centres).argmin(axis=1)
        d = geometry.pairs(balls, block)
        d[own[:, None] == cluster[None, :]] = np.inf
        np.minimum(nearest, d.min(axis=1), out=nearest)
    distances = _distances(x[order[:_CENTRES]])
    if not len(distances) or distances.max() <= 0:
        return 1.0
    grid = np.quantile(distances, np.arange(1, _GRID + 1) / _GRID)
    grid = grid[grid > 0]
    reach = np.sqrt(nearest)
    pure = [bool(np.mean(reach >= delta * (1 - 1e-6)) >= _PURE) for delta in grid]
    return float(grid[np.flatnonzero(pure).max(initial=0)])


def _distances(points: NDArray[Any]) -> NDArray[np.float64]:
    """Distances of all pairs, each once, in float64."""
    geometry = Euclidean(np.asarray(points, dtype=np.float64))
    gathered = geometry.gather(np.arange(geometry.size))
    return np.asarray(np.sqrt(geometry.pairs(gathered, gathered)[np.triu_indices(geometry.size, 1)]))
