"""Gaussians of classes against SciPy's densities and distances written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from querist.strategies.kernels.gaussians import fit, nearest_distance, negative_log_density


def test_shrinkage_by_hand() -> None:
    """Class 0 at -1 and 1 on the first axis, class 3 a single item: mean variance within classes (1 + 1) / 6 = 1/3."""
    found = fit(np.array([[-1.0, 0.0], [1.0, 0.0], [5.0, 5.0]]), np.array([0, 0, 3]), 0.3)
    assert found.weights == pytest.approx([2 / 3, 1 / 3])
    assert found.means.tolist() == [[0.0, 0.0], [5.0, 5.0]]
    assert found.covariances[0] == pytest.approx(np.diag([0.7 + 0.1, 0.1]))
    assert found.covariances[1] == pytest.approx(np.diag([0.1, 0.1]))
    assert found.pooled == pytest.approx(np.diag([0.7 * 2 / 3 + 0.1, 0.1]))


@given(st.integers(0, 10**6), st.integers(1, 4), st.sampled_from([0.05, 0.5, 1.0]), st.sampled_from([1.0, 1e4, 1e-4]))
@settings(max_examples=25, deadline=None)
def test_against_scipy(seed: int, classes: int, shrinkage: float, scale: float) -> None:
    rng = np.random.default_rng(seed)
    h, y, x = rng.normal(size=(11, 3)) * scale, rng.integers(0, classes, 11), rng.normal(size=(7, 3)) * 2 * scale
    within = np.concatenate([h[y == c] - h[y == c].mean(0) for c in np.unique(y)])
    floor = shrinkage * np.square(within).mean() * np.eye(3)
    density, squares = np.zeros(7), []
    pooled = (1 - shrinkage) * within.T @ within / 11 + floor
    for c in np.unique(y):
        mine = h[y == c]
        rest = mine - mine.mean(0)
        cov = (1 - shrinkage) * rest.T @ rest / len(mine) + floor
        density += len(mine) / 11 * multivariate_normal(mine.mean(0), cov, allow_singular=True).pdf(x)
        gap = x - mine.mean(0)
        squares.append(np.einsum("nd,nd->n", gap @ np.linalg.inv(pooled), gap))
    found = fit(h, y, shrinkage)
    seen = density > 1e-250
    assert negative_log_density(found, x)[seen] == pytest.approx(-np.log(density[seen]), rel=1e-5, abs=1e-6)
    distance, place = nearest_distance(found, x)
    assert distance == pytest.approx(np.sqrt(np.min(squares, axis=0)), rel=1e-6)
    assert place.tolist() == np.argmin(squares, axis=0).tolist()


@pytest.mark.parametrize("size", [1, 4])
def test_classes_without_scatter(size: int) -> None:
    """One item a class: the variance about the mean of all; all alike: 1."""
    h = np.array([[0.0, 0.0], [2.0, 0.0]])
    found = fit(h, np.array([0, 1]), 0.5)
    assert found.pooled == pytest.approx(0.5 * 0.5 * np.eye(2))
    alike = fit(np.full((size, 2), 7.3), np.zeros(size, dtype=np.int64), 0.5)
    assert alike.pooled == pytest.approx(0.5 * np.eye(2))
    assert np.isfinite(negative_log_density(alike, np.full((3, 2), 1e6))).all()
