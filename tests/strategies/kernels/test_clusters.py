"""Nearest centres against brute force, clusters in turn, samples of a union."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from querist.core.types import Array
from querist.strategies.kernels.clusters import assign, fit_centres, in_turn, members_of, sampled_union


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "k", "width"), [(1, 1, 1), (700, 13, 3), (5_000, 400, 7)])
def test_assign_against_brute_force(n: int, k: int, width: int, dtype: type) -> None:
    rng = np.random.default_rng(n)
    x: Array = (rng.normal(size=(n, width)) + 50).astype(dtype)
    centres = rng.normal(size=(k, width)) + 50
    d = ((x[:, None].astype(np.float64) - centres[None]) ** 2).sum(-1)
    found = assign(x, centres)
    assert d[np.arange(n), found] == pytest.approx(d.min(axis=1), abs=1e-4)
    if dtype is np.float64:
        assert found.tolist() == d.argmin(axis=1).tolist()


def test_of_equal_centres_the_first() -> None:
    assert assign(np.zeros((3, 2)), np.array([[1.0, 0.1], [5.0, 0.0], [1.0, 0.1]])).tolist() == [0, 0, 0]


def test_members() -> None:
    found = members_of(np.array([2, 0, 2, 2, 0]), 4)
    assert [rows.tolist() for rows in found] == [[1, 4], [], [0, 2, 3], []]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=6), st.data())
def test_in_turn_against_a_plain_loop(free: list[int], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(free))))
    n = data.draw(st.integers(0, sum(free)))
    expected: list[int] = []
    left = list(free)
    while len(expected) < n:
        for cluster in order:
            if left[cluster] and len(expected) < n:
                left[cluster] -= 1
                expected.append(cluster)
    assert in_turn(np.array(order), np.array(free), n).tolist() == expected


def test_sample_of_a_union() -> None:
    a, b = np.arange(6.0).reshape(6, 1).astype(np.float32), np.arange(6.0, 10.0).reshape(4, 1)
    rng = np.random.default_rng(0)
    whole = sampled_union(a, b, 10, rng)
    assert whole.dtype == np.float32
    assert whole.ravel().tolist() == list(range(10))
    assert sampled_union(a, b[:0], 10, rng) is a
    counts = np.zeros(10)
    for _ in range(2_000):
        part = sampled_union(a, b, 3, rng).ravel().astype(int)
        assert len(set(part.tolist())) == 3
        counts[part] += 1
    assert counts == pytest.approx(np.full(10, 600), abs=5 * np.sqrt(600 * 0.7))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "k"), [(600, 5), (20_000, 40)])
def test_short_k_means_is_near_scikit_learns(n: int, k: int, dtype: type) -> None:
    rng = np.random.default_rng(n)
    x: Array = ((rng.normal(size=(k, 20)) * 2)[rng.integers(0, k, n)] + rng.normal(size=(n, 20)) + 5).astype(dtype)

    def inertia(centres: Array) -> float:
        return float(np.square(x - centres[assign(x, centres)]).sum(dtype=np.float64))

    best = KMeans(k, n_init=1, random_state=0).fit(x).inertia_
    assert np.mean([inertia(fit_centres(x, k, np.random.default_rng(s))) for s in range(3)]) < 1.1 * best


def test_short_k_means_with_copies_and_as_many_centres_as_rows() -> None:
    x = np.random.default_rng(0).normal(size=(7, 2))
    assert sorted(assign(x, fit_centres(x, 7, np.random.default_rng(1))).tolist()) == list(range(7))
    copies = fit_centres(np.repeat([[1.0], [5.0]], 4, axis=0), 3, np.random.default_rng(0))
    assert set(np.unique(copies.round(12)).tolist()) == {1.0, 5.0}
