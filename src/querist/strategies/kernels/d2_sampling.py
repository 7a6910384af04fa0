"""D^2 sampling (k-means++ seeding), exactly distributed, with far fewer passes over the points than picks.

Draw proposals in proportion to the distances as they were at the last pass, and accept a proposal with probability
(distance now) / (distance then). As distances only fall, accepted draws have exactly the distribution of the distances
now; only the distances between proposals and picks are needed between passes. One blocked product then applies all picks.

Source: Arthur and Vassilvitskii, k-means++: The Advantages of Careful Seeding, 2007.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist.core.progress import tell
from querist.strategies.kernels.geometry import Geometry

__all__ = ["d2_sample"]

_PROPOSALS = 256
"""Draws a pass; as many as are wanted when that is more, up to `_MOST`."""
_MOST = 512


def d2_sample(
    geometry: Geometry,
    n: int,
    nearest: NDArray[np.floating],
    generator: np.random.Generator,
    weights: NDArray[np.floating] | None = None,
    first: int | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Draw n distinct points, each in proportion to weight times squared distance to the nearest centre or pick.

    Args:
        geometry: the points.
        n: how many, at most N.
        nearest: (N,) squared distances to the nearest centre; infinite without centres. It is lowered in place.
        generator: of the draws.
        weights: (N,) factors at least 0, or None.
        first: the first pick where there are no centres; None draws it by the weights.

    Returns:
        (n,) rows in order, and (n,) squared distances at the time of the draw (infinite for a first pick).
    """
    rows: list[int] = []
    heights: list[float] = []
    factors = None if weights is None else np.maximum(weights.astype(np.float64), 0.0)
    if not np.isfinite(nearest).all():
        chosen = first if first is not None else _draw_one(geometry.size, factors, generator)
        rows.append(chosen)
        heights.append(float("inf"))
        geometry.lower(nearest, geometry.gather(np.array([chosen])))
    while len(rows) < n:
        tell("D^2 sampling", len(rows), n)
        mass = nearest.astype(np.float64)
        if factors is not None:
            mass *= factors
        mass[rows] = 0.0
        edges = np.cumsum(mass)
        if edges[-1] <= 0:  # nothing is left to be far from: uniform among the rest
            rest = np.setdiff1d(np.arange(geometry.size), rows)
            rest = generator.permutation(rest)[: n - len(rows)]
            rows += rest.tolist()
            heights += [0.0] * len(rest)
            break
        picked = _round(geometry, mass, edges, nearest, generator, n - len(rows))
        rows += [row for row, _ in picked]
        heights += [height for _, height in picked]
        if len(rows) < n:
            geometry.lower(nearest, geometry.gather(np.array([row for row, _ in picked])))
    return np.array(rows, dtype=np.int64), np.array(heights)


def _round(
    geometry: Geometry,
    mass: NDArray[np.float64],
    edges: NDArray[np.float64],
    nearest: NDArray[np.floating],
    generator: np.random.Generator,
    wanted: int,
) -> list[tuple[int, float]]:
    """Accepted draws of one pass: at least one, at most ``wanted``."""
    count = max(_PROPOSALS, min(wanted, _MOST))
    draws = np.searchsorted(edges, generator.random(count) * edges[-1], side="right")
    draws = np.minimum(draws, len(mass) - 1)
    proposals, place = np.unique(draws, return_inverse=True)
    points = geometry.gather(proposals)
    between = geometry.pairs(points, points)
    stale = nearest[proposals].astype(np.float64)
    now = stale.copy()
    accept = generator.random(count)
    picked: list[tuple[int, float]] = []
    for at, chance in zip(place.tolist(), accept.tolist(), strict=True):
        if stale[at] <= 0 or mass[proposals[at]] <= 0 or chance * stale[at] >= now[at]:
            continue
        picked.append((int(proposals[at]), float(now[at])))
        np.minimum(now, between[at], out=now)
        now[at] = 0.0
        if len(picked) == wanted:
            break
    if not picked:  # only rounding at the very edge of the mass can lead here: take the heaviest
        best = int(mass.argmax())
        picked.append((best, float(nearest[best])))
    return picked


def _draw_one(size: int, factors: NDArray[np.float64] | None, generator: np.random.Generator) -> int:
    mass = np.ones(size) if factors is None or factors.sum() <= 0 else factors
    edges = np.cumsum(mass)
    drawn = int(np.searchsorted(edges, generator.random() * edges[-1], side="right"))
    return min(drawn, len(mass) - 1)
