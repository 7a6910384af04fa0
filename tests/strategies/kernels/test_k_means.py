"""k-means near scikit-learn's, weights respected, rows at most once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans as Reference

from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.k_means import assign, k_means, nearest_rows


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


@given(st.integers(0, 10**6), st.integers(1, 40), st.booleans())
@settings(max_examples=25, deadline=None)
def test_nearest_rows_written_out(seed: int, n: int, lattice: bool) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 3, size=(n, 2)).astype(float) if lattice else rng.normal(size=(n, 2))
    k = int(rng.integers(1, n + 1))
    centres = x[rng.integers(0, n, k)] + (0.5 if lattice else rng.normal(size=(k, 2)))
    keys = rng.permutation(n).astype(np.uint64)
    taken: list[int] = []
    for centre in centres:
        d = ((x - centre) ** 2).sum(1)
        d[taken] = np.inf
        equal = np.flatnonzero(d <= d.min() + 1e-9)
        taken.append(int(equal[keys[equal].argmin()]))
    rows, squared = nearest_rows(x, centres, keys)
    assert rows.tolist() == taken
    assert np.allclose(squared, ((x[taken] - centres) ** 2).sum(1))


def test_nearest_rows_over_many_blocks_and_single_precision() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(70_000, 6)).astype(np.float32)
    x[60_000] = x[5] = x[33_333] = 2.5  # equal rows in several blocks: the lowest key counts
    keys = np.arange(70_000, dtype=np.uint64)[::-1]
    centres = np.concatenate([np.full((3, 6), 2.6), rng.normal(size=(8, 6))])
    rows, _ = nearest_rows(x, centres, keys)
    assert rows[:3].tolist() == [60_000, 33_333, 5]
    for row, centre in zip(rows[3:].tolist(), centres[3:], strict=True):
        d = ((x.astype(float) - centre) ** 2).sum(1)
        assert d[row] <= d.min() + 1e-3


def test_assign_gives_the_nearest_centre() -> None:
    x = blobs(500, 4)
    geometry = Euclidean(x)
    centres = np.random.default_rng(1).normal(size=(30, 3)) * 5
    labels, squared = assign(geometry, geometry.shifted(centres))
    truth = ((x[:, None] - centres[None]) ** 2).sum(-1)
    assert np.array_equal(labels, truth.argmin(1))
    assert np.allclose(squared, truth.min(1))
