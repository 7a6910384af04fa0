"""Blocked squared distances against the definition."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.strategies.kernels.geometry import Euclidean, Outer

KINDS = [np.float32, np.float64]


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("shape", [(1, 1, 1), (50, 3, 7), (5_000, 20, 300)])
def test_lower_is_the_nearest_centre(dtype: type, shape: tuple[int, int, int]) -> None:
    n, d, k = shape
    rng = np.random.default_rng(0)
    x: np.ndarray = (rng.normal(size=(n, d)) + 100).astype(
        dtype
    )  # far from the origin: the shift to the mean must save the digits
    geometry = Euclidean(x)
    centres = geometry.shifted(rng.normal(size=(k, d)) + 100)
    nearest = np.full(n, np.inf, dtype=geometry.dtype)
    geometry.lower(nearest, centres)
    truth = (
        ((x[:, None, :].astype(float) - geometry.mean - centres[None]) ** 2).sum(-1).min(1) if n * k < 10**5 else None
    )
    if truth is None:
        truth = np.min([((x.astype(float) - geometry.mean - c) ** 2).sum(-1) for c in centres], axis=0)
    tolerance = 1e-9 if dtype is np.float64 else 2e-4
    assert np.allclose(nearest, truth, rtol=tolerance, atol=tolerance)
    before = nearest.copy()
    geometry.lower(nearest, centres[:1])
    assert (nearest <= before).all(), "it only falls"


def test_a_point_is_at_distance_zero_from_itself() -> None:
    x = np.random.default_rng(1).normal(size=(200, 8)).astype(np.float32) * 1e3
    geometry = Euclidean(x)
    nearest = np.full(200, np.inf, dtype=np.float32)
    geometry.lower(nearest, geometry.gather(np.arange(200)))
    assert (nearest == 0).all()
    assert (np.diag(geometry.pairs(geometry.gather(np.arange(200)), geometry.gather(np.arange(200)))) == 0).all()


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_factored_products_equal_the_products_written_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, h = rng.normal(size=(40, 3)), rng.normal(size=(40, 5))
    whole = np.einsum("nc,nd->ncd", a, h).reshape(40, -1)
    geometry = Outer(a, h)
    assert np.allclose(geometry.norms, (whole**2).sum(1))
    rows = rng.choice(40, 6, replace=False)
    truth = ((whole[:, None] - whole[rows][None]) ** 2).sum(-1)
    assert np.allclose(geometry.pairs(geometry.gather(np.arange(40)), geometry.gather(rows)), truth)
    nearest = np.full(40, np.inf)
    geometry.lower(nearest, geometry.gather(rows))
    assert np.allclose(nearest, truth.min(1))


def test_no_centres_change_nothing() -> None:
    geometry = Euclidean(np.eye(3))
    nearest = np.full(3, np.inf)
    geometry.lower(nearest, np.zeros((0, 3)))
    assert np.isinf(nearest).all()


def test_an_outlier_does_not_swallow_small_distances() -> None:
    x = np.random.default_rng(0).normal(size=(70_000, 4)).astype(np.float32)
    geometry = Euclidean(x)
    assert geometry.dtype == np.float32
    centres = np.concatenate([geometry.gather(np.arange(3)) + 0.5, np.full((1, 4), 1e4)])
    nearest = np.full(len(x), np.inf, dtype=np.float32)
    geometry.lower(nearest, centres)
    truth = ((geometry.gather(np.arange(2_000))[:, None] - centres[None]) ** 2).sum(-1).min(1)
    assert np.allclose(nearest[:2_000], truth, rtol=1e-3, atol=1e-4)


def test_the_earliest_of_equally_near_centres_counts() -> None:
    x = np.array([[0.0, 0.0], [2.0, 0.0], [5.0, 5.0], [0.3, 0.1]])
    geometry = Euclidean(x)
    corners = np.array([[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [5.0, 4.0]])
    many = np.concatenate([np.full((300, 2), 50.0), np.repeat(corners, 200, axis=0)])  # over several chunks
    for centres, number, truth in ((corners, 0, [0, 0, 3, 0]), (many, 7, [307, 307, 907, 307])):
        nearest, label = np.full(4, np.inf), np.full(4, -1, dtype=np.int32)
        geometry.assign(nearest, label, geometry.shifted(centres), number)
        assert label.tolist() == truth
        assert np.allclose(nearest, [1.0, 1.0, 1.0, 0.5])
        geometry.assign(nearest, label, geometry.shifted([[-1.0, 0.0], [0.3, 0.1]]), 2_000)
        assert label.tolist() == [2_001, truth[1], truth[2], 2_001]


def test_tables_are_distances_written_out() -> None:
    rng = np.random.default_rng(3)
    x, centres = rng.normal(size=(1_500, 3)), rng.normal(size=(300, 3))
    geometry = Euclidean(x)
    out = np.full((1_500, 300), np.nan)
    for rows, numbers, table in geometry.tables(geometry.shifted(centres)):
        out[rows, numbers] = table
    truth = ((x[:, None] - centres[None]) ** 2).sum(-1)
    assert np.allclose(out, truth)
    assert np.allclose(geometry.distances(geometry.shifted(centres)), truth.T)


def test_memory_maps_give_the_numbers_of_arrays(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    x, a = rng.normal(size=(30_000, 12)).astype(np.float32), rng.normal(size=(30_000, 3)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "a.npy", a)
    mx, ma = (np.load(tmp_path / f, mmap_mode="r") for f in ("x.npy", "a.npy"))
    rows = rng.choice(30_000, 50, replace=False)
    for here, there in ((Euclidean(x), Euclidean(mx)), (Outer(a, x), Outer(ma, mx))):
        assert all(source.streams for source in there.sources)
        one, two = (np.full(30_000, np.inf, dtype=np.float32) for _ in range(2))
        here.lower(one, here.gather(rows))
        there.lower(two, there.gather(rows))
        assert np.array_equal(one, two)
        assert np.array_equal(here.norms, there.norms)


def test_some_of_the_points_are_at_the_same_distances() -> None:
    rng = np.random.default_rng(6)
    points, centres = rng.normal(size=(50, 3)) + 9.0, rng.normal(size=(4, 3))
    geometry, rows = Euclidean(points), np.array([7, 3, 40])
    some, whole = np.full(3, np.inf), np.full(50, np.inf)
    geometry.narrow(rows).lower(some, geometry.shifted(centres))
    geometry.lower(whole, geometry.shifted(centres))
    np.testing.assert_allclose(some, whole[rows], rtol=1e-12)
    assert geometry.size == 50
