"""k-means by Lloyd's steps in blocks, and the row nearest to each centre."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.d2_sampling import d2_sample
from querist.strategies.kernels.geometry import Euclidean

__all__ = ["k_means", "nearest_rows"]

_A_CENTRE = 128
"""Points a centre that are enough to fit it; larger pools are sampled, as faiss does."""
_STEPS = 25


def k_means(
    x: NDArray[Any], k: int, generator: np.random.Generator, weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """(k, D) centres of weighted k-means, started by k-means++; at most 25 steps.

    Beyond 128 points a centre the centres are fitted on a sample drawn in proportion to the weights.

    Args:
        x: (N, D) points.
        k: how many, at most N.
        generator: of the start and the sample.
        weights: (N,) at least 0, or None.
    """
    n = len(x)
    w = np.ones(n) if weights is None or weights.sum() <= 0 else np.maximum(weights, 0.0)
    if n > _A_CENTRE * k:
        keys = generator.exponential(size=n) / np.maximum(w, 1e-300)
        rows = np.sort(np.argpartition(keys, _A_CENTRE * k)[: _A_CENTRE * k])
        x, w = np.asarray(x[rows]), np.ones(len(rows))
    geometry = Euclidean(x)
    starts, _ = d2_sample(geometry, k, np.full(len(x), np.inf, dtype=geometry.dtype), generator, w)
    centres = geometry.gather(starts)
    points = geometry.shifted(x)
    labels = np.full(len(x), -1)
    for _ in range(_STEPS):
        new, distances = _assign(points, centres)
        if (new == labels).all():
            break
        labels = new
        centres = _centres(points, labels, distances, w, centres)
    return np.asarray(centres + geometry.mean)


def _assign(points: NDArray[np.float64], centres: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    labels = np.empty(len(points), dtype=np.int64)
    distances = np.empty(len(points))
    lengths = np.square(centres).sum(axis=1)
    step = max(256, (1 << 20) // len(centres))
    for start in range(0, len(points), step):
        block = points[start : start + step]
        d = lengths - 2.0 * (block @ centres.T)
        best = d.argmin(axis=1)
        labels[start : start + step] = best
        distances[start : start + step] = d[np.arange(len(block)), best] + np.square(block).sum(axis=1)
    return labels, distances


def _centres(
    points: NDArray[np.float64],
    labels: NDArray[np.int64],
    distances: NDArray[np.float64],
    weights: NDArray[np.float64],
    before: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Weighted means; an empty cluster moves to the point that is worst served."""
    k = len(before)
    mass = np.bincount(labels, weights, minlength=k)
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(k))
    filled = np.flatnonzero(np.bincount(labels, minlength=k))
    sums = np.zeros_like(before)
    sums[filled] = np.add.reduceat((points * weights[:, None])[order], starts[filled], axis=0)
    centres = np.where(mass[:, None] > 0, sums / np.maximum(mass, 1e-300)[:, None], before)
    empty = np.flatnonzero(np.bincount(labels, minlength=k) == 0)
    if len(empty):
        worst = np.argsort(-distances * weights, kind="stable")[: len(empty)]
        centres[empty[: len(worst)]] = points[worst]
    return np.asarray(centres)


def nearest_rows(
    x: NDArray[Any], centres: NDArray[np.float64], keys: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The row nearest to each centre, a row at most once: (k,) rows and (k,) squared distances.

    Centres choose in the order given; one whose nearest row is taken gets its next nearest.
    """
    k = len(centres)
    depth = min(len(x), 8)
    geometry = Euclidean(x)
    shifted = geometry.shifted(centres)
    taken: set[int] = set()
    rows, distances = [], []
    near = _near(geometry, shifted, depth, keys)
    for centre in range(k):
        free = [(d, int(key), row) for d, key, row in near[centre] if row not in taken]
        if not free:
            every = geometry.pairs(geometry.gather(np.arange(geometry.size)), shifted[centre : centre + 1])[:, 0]
            free = [(d, int(keys[r]), r) for r, d in enumerate(every.tolist()) if r not in taken]
        d, _, row = min(free)
        taken.add(row)
        rows.append(row)
        distances.append(d)
    return np.array(rows, dtype=np.int64), np.array(distances)


def _near(
    geometry: Euclidean, centres: NDArray[np.float64], depth: int, keys: NDArray[np.uint64]
) -> list[list[tuple[float, int, int]]]:
    """For each centre its ``depth`` nearest rows: (squared distance, key, row)."""
    best: list[list[tuple[float, int, int]]] = [[] for _ in centres]
    for rows in geometry.blocks(len(centres)):
        block = geometry.gather(np.arange(rows.start, rows.stop))
        d = geometry.pairs(centres, block)
        depth_here = min(depth, d.shape[1])
        columns = np.argpartition(d, depth_here - 1, axis=1)[:, :depth_here]
        for centre, found in enumerate(columns):
            mine = [(float(d[centre, c]), int(keys[rows.start + c]), rows.start + int(c)) for c in found]
            best[centre] = sorted(best[centre] + mine)[:depth]
    return best
