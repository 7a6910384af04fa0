"""Gaussian information and variance reduction against covariance matrices written out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from querist.strategies.kernels.gaussian_members import (
    gaussian_information,
    greedy_variance_reduction,
    information_about,
)


def draw(seed: int, items: int, samples: int, dtype: Any = np.float64) -> tuple[NDArray[Any], NDArray[Any]]:
    rng = np.random.default_rng(seed)
    members = rng.normal(size=(items, 3)) @ rng.normal(size=(3, samples)) + rng.normal(size=(items, 1)) * 10
    return members.astype(dtype), (rng.random(items) + 0.05).astype(dtype)


def covariance(members: NDArray[Any]) -> NDArray[np.float64]:
    apart: NDArray[np.float64] = members.astype(np.float64) - members.mean(axis=1, keepdims=True, dtype=np.float64)
    return np.asarray(apart @ apart.T / members.shape[1])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 8), st.integers(1, 9), st.sampled_from([np.float32, np.float64]))
def test_information_about_others(seed: int, items: int, samples: int, dtype: Any) -> None:
    members, noise = draw(seed, items + 4, samples, dtype)
    got = information_about(members[4:], noise[4:], members[:4], noise[:4])
    answers = covariance(members) + np.diag(noise.astype(np.float64))
    for i in range(items):
        found = []
        for j in range(4):
            two = answers[np.ix_([i + 4, j], [i + 4, j])]
            found.append(0.5 * math.log(two[0, 0] * two[1, 1] / np.linalg.det(two)))
        assert got[i] == pytest.approx(np.mean(found), abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 8), st.integers(1, 9))
def test_greedy_variance_reduction(seed: int, items: int, samples: int) -> None:
    """Against a covariance matrix of all items that is conditioned pick by pick."""
    members, noise = draw(seed, items + 1, samples)
    keys = np.arange(items, dtype=np.uint64)
    got, gains = greedy_variance_reduction(
        members[1:], noise[1:], members[1:], items, keys, before=(members[:1], noise[:1])
    )
    k = covariance(members)

    def conditioned(k: NDArray[np.float64], x: int) -> NDArray[np.float64]:
        return np.asarray(k - np.outer(k[x], k[x]) / (k[x, x] + noise[x]))

    k = conditioned(k, 0)
    for row, gain in zip(got.tolist(), gains.tolist(), strict=True):
        taken = [np.mean(k[1:, x] ** 2) / (k[x, x] + noise[x]) for x in range(1, items + 1)]
        left = [t for x, t in enumerate(taken) if x not in got[: got.tolist().index(row)]]
        assert gain == pytest.approx(max(left), rel=1e-6, abs=1e-12)
        assert taken[row] == pytest.approx(gain, rel=1e-6, abs=1e-12)
        k = conditioned(k, row + 1)
    assert sorted(got.tolist()) == list(range(items))


def test_bounds_where_there_is_no_noise() -> None:
    members = np.array([[1.0, 2.0], [1.0, 1.0], [0.0, 1e100]])
    none = np.zeros(3)
    assert gaussian_information(members, none)[:2].tolist() == [pytest.approx(0.5 * math.log(1e15)), 0.0]
    about = information_about(members[:2], none[:2], members[:2], none[:2])
    assert np.isfinite(about).all()
    assert about[1] == 0.0
    rows, gains = greedy_variance_reduction(members[:2], none[:2], members[:2], 2, np.arange(2, dtype=np.uint64))
    assert rows.tolist() == [0, 1]
    assert gains.tolist() == [pytest.approx(0.125), 0.0]


def test_a_common_offset_costs_no_digits() -> None:
    members, noise = draw(3, 5, 6)
    high = (members.astype(np.float32) + np.float32(0)).astype(np.float64)
    np.testing.assert_allclose(
        information_about(high + 1e6, noise, high + 1e6, noise), information_about(high, noise, high, noise), rtol=1e-6
    )


def test_a_rows_result_does_not_depend_on_its_place() -> None:
    members, noise = draw(4, 700, 7)
    order = np.random.default_rng(0).permutation(700)
    plain = information_about(members, noise, members[:90], noise[:90])
    assert np.array_equal(plain[order], information_about(members[order], noise[order], members[:90], noise[:90]))
