"""Widths: quantiles of distances, and balls that hold one cluster only."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.seeds import generator
from querist.strategies.kernels.purity import low_distance, pure_radius


def test_low_distance_is_a_quantile() -> None:
    x = np.random.default_rng(0).normal(size=(50, 3))
    d = np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1))[np.triu_indices(50, 1)]
    assert low_distance(x) == pytest.approx(np.quantile(d, 0.05))
    assert low_distance(x, 0.5) == pytest.approx(np.quantile(d, 0.5))


def test_copies_do_not_collapse_it() -> None:
    x = np.repeat(np.arange(4.0)[:, None], 10, axis=0)
    assert low_distance(x) == 1.0, "the smallest distance above 0"
    assert low_distance(np.ones((5, 2))) == 1.0
    assert low_distance(np.ones((1, 2))) == 1.0


def two_blobs(gap: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.concatenate([rng.uniform(-1, 1, size=(60, 2)), rng.uniform(-1, 1, size=(60, 2)) + np.array([gap, 0])])


def test_the_radius_reaches_to_the_next_cluster() -> None:
    x = two_blobs(20.0)
    d = np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1))
    across = np.where((np.arange(120)[:, None] < 60) != (np.arange(120)[None] < 60), d, np.inf).min(axis=1)
    radius = pure_radius(x, 2, np.arange(120, dtype=np.uint64), generator(0, "test"))
    grid = np.quantile(d[np.triu_indices(120, 1)], np.arange(1, 201) / 200)
    assert radius == pytest.approx(grid[[(across >= g).mean() >= 0.95 for g in grid]].max())
    assert 2 < radius < 20
    assert pure_radius(x, 1, np.arange(120, dtype=np.uint64), generator(0, "test")) == pytest.approx(d.max())


def test_the_order_of_rows_does_not_matter() -> None:
    x, order = two_blobs(3.0), np.random.default_rng(1).permutation(120)
    keys = np.random.default_rng(2).permutation(120).astype(np.uint64)
    a = pure_radius(x, 3, keys, generator(0, "test"))
    assert pure_radius(x[order], 3, keys[order], generator(0, "test")) == pytest.approx(a)


def test_constant_pools() -> None:
    assert pure_radius(np.ones((6, 2)), 3, np.arange(6, dtype=np.uint64), generator(0, "test")) == 1.0
    assert pure_radius(np.ones((1, 2)), 3, np.arange(1, dtype=np.uint64), generator(0, "test")) == 1.0
