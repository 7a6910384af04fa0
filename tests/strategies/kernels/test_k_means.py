"""k-means near scikit-learn's, weights respected, rows at most once."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans as Reference

from querist.strategies.kernels.k_means import k_means, nearest_rows


def blobs(n: int, k: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(k, 3))[rng.integers(0, k, n)] * 6 + rng.normal(size=(n, 3))


def inertia(x: np.ndarray, centres: np.ndarray) -> float:
    return float(((x[:, None] - centres[None]) ** 2).sum(-1).min(1).sum())


@pytest.mark.parametrize(("n", "k"), [(600, 5), (3_000, 8)])  # the second is fitted on a sample
def test_inertia(n: int, k: int) -> None:
    x = blobs(n, k)
    best = Reference(k, n_init=5, random_state=0).fit(x).inertia_
    ours = min(inertia(x, k_means(x, k, np.random.default_rng(s))) for s in range(5))
    assert ours <= 1.08 * best


def test_weights_move_the_centres() -> None:
    x = np.array([[0.0], [1.0], [10.0], [11.0]])
    centres = np.sort(k_means(x, 2, np.random.default_rng(0), np.array([3.0, 1.0, 1.0, 1.0])).ravel())
    assert centres == pytest.approx([0.25, 10.5])


def test_as_many_centres_as_points() -> None:
    x = np.random.default_rng(0).normal(size=(7, 2))
    assert inertia(x, k_means(x, 7, np.random.default_rng(1))) == pytest.approx(0, abs=1e-12)
    assert k_means(np.ones((5, 2)), 3, np.random.default_rng(0)).shape == (3, 2)


def test_nearest_rows_are_taken_once() -> None:
    x = np.array([[0.0], [0.2], [5.0]])
    rows, squared = nearest_rows(x, np.array([[0.05], [0.04], [5.1]]), np.arange(3, dtype=np.uint64))
    assert rows.tolist() == [0, 1, 2]
    assert squared == pytest.approx([0.0025, 0.0256, 0.01])
    many = np.zeros((30, 1))
    rows, _ = nearest_rows(many, np.zeros((20, 1)), np.arange(30, dtype=np.uint64))
    assert len(set(rows.tolist())) == 20
