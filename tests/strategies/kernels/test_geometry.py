"""Blocked squared distances against the definition."""

from __future__ import annotations

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
