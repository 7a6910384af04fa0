"""k-means by Lloyd's steps in blocks, and the row nearest to each centre."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.rows import Rows
from querist.strategies.kernels.d2_sampling import d2_sample
from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.k_center import grid, grid_width

__all__ = ["assign", "k_means", "nearest_rows"]

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
        x, w = Rows(x).take(rows), np.ones(len(rows))
    geometry = Euclidean(x)
    starts, _ = d2_sample(geometry, k, np.full(len(x), np.inf, dtype=geometry.dtype), generator, w)
    centres = geometry.gather(starts)
    labels = np.full(len(x), -1, dtype=np.int32)
    for _ in range(_STEPS):
        new, distances = assign(geometry, centres)
        if (new == labels).all():
            break
        labels = new
        centres = _centres(geometry, labels, distances, w, centres)
    return np.asarray(centres + geometry.mean)


def assign(geometry: Euclidean, centres: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[Any]]:
    """(N,) number of the nearest centre, the earliest of equals, and (N,) squared distance to it.

    Args:
        geometry: the points.
        centres: (k, D) in its coordinates (`Euclidean.shifted`).
    """
    labels = np.zeros(geometry.size, dtype=np.int32)
    nearest = np.full(geometry.size, np.inf, dtype=geometry.dtype)
    geometry.assign(nearest, labels, centres)
    return labels, nearest


def _centres(
    geometry: Euclidean,
    labels: NDArray[np.int32],
    distances: NDArray[Any],
    weights: NDArray[np.float64],
    before: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Weighted means; an empty cluster moves to the point that is worst served."""
    k = len(before)
    mass = np.bincount(labels, weights, minlength=k)
    sums = np.zeros_like(before)
    for rows in geometry.blocks(1):
        order = np.argsort(labels[rows], kind="stable")
        mine = labels[rows][order]
        (block,) = geometry.factors(rows)
        starts = np.flatnonzero(np.diff(mine, prepend=-1))
        sums[mine[starts]] += np.add.reduceat(block[order] * weights[rows][order, None], starts, axis=0)
    centres = np.where(mass[:, None] > 0, sums / np.maximum(mass, 1e-300)[:, None], before)
    empty = np.flatnonzero(np.bincount(labels, minlength=k) == 0)
    if len(empty):
        worst = np.argsort(-distances * weights, kind="stable")[: len(empty)]
        centres[empty[: len(worst)]] = geometry.gather(worst)
    return np.asarray(centres)


def nearest_rows(
    x: NDArray[Any], centres: NDArray[np.float64], keys: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The row nearest to each centre, a row at most once: (k,) rows and (k,) squared distances.

    Centres choose in the order given; one whose nearest row is taken gets its next nearest. Equal distances (but for
    rounding) are settled by key.
    """
    geometry = Euclidean(x)
    shifted = geometry.shifted(centres)
    best = _nearest_row(geometry, shifted, keys)
    open_ = np.ones(geometry.size, dtype=bool)
    scale = 4.0 * float(geometry.norms.max(initial=0.0))
    rows: list[int] = []
    for centre, row in enumerate(best.tolist()):
        if not open_[row]:
            (every,) = geometry.distances(shifted[centre : centre + 1])
            level = np.where(open_, grid(every, scale, geometry), np.inf)
            equal = np.flatnonzero(level == level.min())
            row = int(equal[keys[equal].argmin()])
        open_[row] = False
        rows.append(row)
    out = np.array(rows, dtype=np.int64)
    return out, np.asarray(np.square(geometry.gather(out) - shifted).sum(axis=1))


def _nearest_row(geometry: Euclidean, centres: NDArray[np.float64], keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """(k,) the row nearest to each centre, equal ones by key; rows may repeat."""
    scale = 4.0 * float(geometry.norms.max(initial=0.0))
    levels = np.full(len(centres), np.inf)
    chosen = np.zeros(len(centres), dtype=np.int64)
    width = grid_width(scale, geometry)
    for rows, numbers, table in geometry.tables(centres):
        place, column = np.nonzero(
            table <= table.min(axis=0) + width
        )  # the lowest of each centre, and what may equal it
        level, row = grid(table[place, column], scale, geometry), place + rows.start
        order = np.lexsort((keys[row], level, column))
        level, row = level[order], row[order]
        first = np.flatnonzero(np.diff(column[order], prepend=-1))
        level, row, old = level[first], row[first], chosen[numbers]
        known = levels[numbers]
        better = (level < known) | ((level == known) & (keys[row] < keys[old]))
        levels[numbers] = np.where(better, level, known)
        chosen[numbers] = np.where(better, row, old)
    return chosen
