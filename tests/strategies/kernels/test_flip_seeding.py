"""Ease of flipping by hand, cosine distances against all pairs, draws in proportion."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.strategies.kernels import flip_seeding as kernel


def test_ease_by_hand() -> None:
    """n = 2: q = .4 (third smallest); the two smallest weigh 1, the rest e^0 and e^-1 scaled to sum to 2, cut at 1."""
    got = kernel.ease(np.array([0.8, 0.1, 0.4, 0.2]), 2)
    total = 1 + math.exp(-1)
    assert got == pytest.approx([2 * math.exp(-1) / total, 1.0, min(2 / total, 1.0), 1.0])


def test_ease_at_its_ends() -> None:
    assert kernel.ease(np.zeros(4), 2).tolist() == [1.0] * 4
    assert kernel.ease(np.full(4, 0.3), 2).tolist() == [1.0] * 4
    assert kernel.ease(np.array([0.1, 0.5]), 2).tolist() == [1.0, 1.0]
    low = kernel.ease(np.array([0.0, 0.0, 0.0, 0.5]), 2)  # q = 0: the smallest above it instead
    assert low.tolist() == [1.0, 1.0, 1.0, 1.0]
    assert (kernel.ease(np.array([1e-9, 1e-9, 1.0]), 1) > 0).all()


def test_ease_as_the_code_sorts_it() -> None:
    metric = np.random.default_rng(0).random(50)
    n = 7
    order = np.argsort(metric)
    ldm = metric[order]
    gamma = np.exp(-np.maximum(ldm - ldm[n], 0) / ldm[n])
    gamma[n:] *= n / gamma[n:].sum()
    gamma[gamma > 1] = 1
    assert kernel.ease(metric, n)[order] == pytest.approx(gamma)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 99), st.integers(1, 60), st.integers(1, 300), st.sampled_from([np.float32, np.float64]))
def test_distances_against_all_pairs(seed: int, size: int, count: int, dtype: Any) -> None:
    rng = np.random.default_rng(seed)
    x, points = rng.normal(size=(size, 4)).astype(dtype), rng.normal(size=(count, 4)).astype(dtype)
    x[0] = 0.0
    a, b = x.astype(np.float64), points.astype(np.float64)
    a[1:] /= np.linalg.norm(a[1:], axis=1, keepdims=True)
    b /= np.linalg.norm(b, axis=1, keepdims=True)
    expected = (1 - a @ b.T).min(axis=1)
    expected[expected < 1e-5] = 0
    got = kernel.Directions(x).distance(points)
    np.testing.assert_allclose(got, expected, atol=2e-5 if dtype is np.float32 else 1e-9)
    assert got[0] == 1.0


def test_the_same_direction_is_at_distance_zero() -> None:
    x = np.array([[1.0, 2.0], [10.0, 20.0], [-1.0, -2.0]])
    assert kernel.Directions(x).distance(x[:1]).tolist() == pytest.approx([0, 0, 2])


def test_draws_are_in_proportion() -> None:
    weights = np.array([1.0, 0.0, 3.0, 6.0])
    rng = np.random.default_rng(0)
    free = np.array([True, True, True, True])
    hits = np.bincount([kernel.draw(weights, rng.random(4), free) for _ in range(4000)], minlength=4)
    assert hits[1] == 0
    assert hits / 4000 == pytest.approx(weights / 10, abs=0.03)
    free[3] = False
    assert 3 not in {kernel.draw(weights, rng.random(4), free) for _ in range(100)}
    assert {kernel.draw(np.zeros(4), rng.random(4), free) for _ in range(100)} == {0, 1, 2}


def test_the_first_pick() -> None:
    keys = np.array([3, 1, 2], dtype=np.uint64)
    assert kernel.first(np.array([0.5, 0.2, 0.9]), keys) == 1
    assert kernel.first(np.full(3, 0.5), keys) == 1
    assert kernel.unit(np.zeros((1, 2))).tolist() == [[0.0, 0.0]]
