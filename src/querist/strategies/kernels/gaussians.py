"""Gaussians of labelled features, class by class, and how far other rows are from them. All in float64."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.ties import settled

__all__ = ["ClassGaussians", "fit", "nearest_distance", "negative_log_density"]

_CELLS = 1 << 19


@dataclass(frozen=True)
class ClassGaussians:
    """Means and scatter of the classes that have labelled items.

    Args:
        weights: (K,) shares of the labelled items.
        means: (K, D).
        covariances: (K, D, D) of each class, shrunk.
        pooled: (D, D) within classes, shrunk.
    """

    weights: NDArray[np.float64]
    means: NDArray[np.float64]
    covariances: NDArray[np.float64]
    pooled: NDArray[np.float64]


def fit(h: NDArray[Any], labels: NDArray[np.int64], shrinkage: float) -> ClassGaussians:
    """Gaussians of the classes of (L, D) features.

    Every covariance S becomes (1 - shrinkage) S + shrinkage v I, v being the mean variance within classes over all
    features, so that a class of one item has a Gaussian too. Where classes have no scatter at all, v is the variance
    about the mean of all labelled items, and 1 where that is 0 as well.
    """
    x = np.asarray(h, dtype=np.float64)
    names, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    means = np.zeros((len(names), x.shape[1]))
    np.add.at(means, place, x)
    means /= counts[:, None]
    rest = x - means[place]
    variance = float(np.square(rest).mean())
    if variance <= 1e-24 * max(float(np.square(x).mean()), 1e-276):  # rounding of equal rows is no scatter
        variance = float(np.square(x - x.mean(axis=0)).mean())
        if variance <= 1e-24 * max(float(np.square(x).mean()), 1e-276):
            variance = 1.0
    floor = shrinkage * variance * np.eye(x.shape[1])
    each = [rest[place == k].T @ rest[place == k] / counts[k] for k in range(len(names))]
    covariances = np.array([(1.0 - shrinkage) * s + floor for s in each])
    pooled = (1.0 - shrinkage) * (rest.T @ rest) / len(x) + floor
    return ClassGaussians(counts / len(x), means, covariances, pooled)


def negative_log_density(found: ClassGaussians, h: NDArray[Any]) -> NDArray[np.float64]:
    """-log sum over classes of weight * N(h; mean, covariance), in nats: (N, D) -> (N,)."""
    from scipy.linalg import cholesky, solve_triangular

    roots = [cholesky(s, lower=True) for s in found.covariances]
    inverses = [solve_triangular(r, np.eye(len(r)), lower=True) for r in roots]
    heights = [
        np.log(w) - np.log(np.diag(r)).sum() - 0.5 * len(r) * np.log(2 * np.pi)
        for w, r in zip(found.weights, roots, strict=True)
    ]
    out = np.empty(len(h))
    for rows, x in _blocks(h):
        logs = np.stack(
            [
                height - 0.5 * np.square((x - mean) @ inverse.T).sum(axis=1)
                for height, mean, inverse in zip(heights, found.means, inverses, strict=True)
            ]
        )
        high = logs.max(axis=0)
        out[rows] = -(high + np.log(np.exp(logs - high).sum(axis=0)))
    return settled(out)


def nearest_distance(found: ClassGaussians, h: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Mahalanobis distance to the nearest class mean under the pooled covariance: (N,) distances and (N,) places."""
    from scipy.linalg import cholesky, solve_triangular

    root = cholesky(found.pooled, lower=True)
    inverse = solve_triangular(root, np.eye(len(root)), lower=True)
    out, place = np.empty(len(h)), np.empty(len(h), dtype=np.int64)
    for rows, x in _blocks(h):
        squares = np.stack([np.square((x - mean) @ inverse.T).sum(axis=1) for mean in found.means])
        place[rows] = squares.argmin(axis=0)
        out[rows] = np.sqrt(squares.min(axis=0))
    return settled(out), place


def _blocks(h: NDArray[Any]) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    step = max(16, _CELLS // max(h.shape[1], 1))
    for start in range(0, len(h), step):
        rows = slice(start, min(start + step, len(h)))
        yield rows, np.asarray(h[rows], dtype=np.float64)
