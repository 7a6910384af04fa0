"""Deviations, disagreement and loss under perturbation: by hand, and against one row at a time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from querist.strategies.kernels import perturbed as kernel

P = np.array([[0.6, 0.4], [0.8, 0.2], [0.5, 0.5]])
Q = np.array([[[0.6, 0.4], [0.4, 0.6]], [[0.3, 0.7], [0.1, 0.9]], [[0.9, 0.1], [0.5, 0.5]]])


def draw(seed: int, n: int, k: int, c: int, dtype: Any, *, sure: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.ones(c), n), rng.dirichlet(np.ones(c), (n, k))
    if sure:
        p, q = np.eye(c)[p.argmax(axis=1)], np.eye(c)[q.argmax(axis=2)]
    return p.astype(dtype), q.astype(dtype)


def test_deviations_by_hand() -> None:
    got = kernel.deviations(P, Q)
    assert got[0] == pytest.approx(np.array([0.0, 0.0, -0.2, 0.2]) / math.hypot(0.6, 0.4))
    assert got[2] == pytest.approx(np.array([0.4, -0.4, 0.0, 0.0]) / math.hypot(0.5, 0.5))


def test_least_disagreement_by_hand() -> None:
    """The first perturbation relabels row 1 (1 of 3), the second rows 0 and 1 (2 of 3); row 2 keeps class 0."""
    assert kernel.least_disagreement(P, Q) == pytest.approx([2 / 3, 1 / 3, 1.0])


def test_worst_loss_by_hand() -> None:
    plain, worst = kernel.worst_loss(P, Q)
    assert plain == pytest.approx(-np.log([0.6, 0.8, 0.5]))
    assert worst == pytest.approx(-np.log([0.4, 0.1, 0.5]))


def test_a_probability_of_nothing_is_floored() -> None:
    plain, worst = kernel.worst_loss(np.array([[1.0, 0.0]]), np.array([[[0.0, 1.0]]]))
    assert plain[0] == 0.0
    assert worst[0] == pytest.approx(-math.log(1e-12))


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 99),
    st.integers(1, 40),
    st.integers(1, 5),
    st.integers(1, 6),
    st.sampled_from([np.float32, np.float64]),
    st.booleans(),
)
def test_against_one_row_at_a_time(seed: int, n: int, k: int, c: int, dtype: Any, sure: bool) -> None:
    p, q = draw(seed, n, k, c, dtype, sure=sure)
    flips = [[int(q[i, j].argmax() != p[i].argmax()) for j in range(k)] for i in range(n)]
    shares = [sum(flips[i][j] for i in range(n)) / n for j in range(k)]
    least = [min([shares[j] for j in range(k) if flips[i][j]], default=1.0) for i in range(n)]
    np.testing.assert_allclose(kernel.least_disagreement(p, q), least, rtol=1e-12)
    for i in range(n):
        base, label = p[i].astype(np.float64), int(p[i].argmax())
        row = np.concatenate([(q[i, j] - base) / np.linalg.norm(base) for j in range(k)])
        np.testing.assert_allclose(kernel.deviations(p, q)[i], row, rtol=1e-5, atol=1e-6)
        plain, worst = kernel.worst_loss(p, q)
        assert plain[i] == pytest.approx(-math.log(base[label]), rel=1e-6, abs=1e-9)
        expected = max(-math.log(max(float(q[i, j, label]), 1e-12)) for j in range(k))
        assert worst[i] == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_reordering_changes_no_bit() -> None:
    p, q = draw(3, 3000, 4, 7, np.float32, sure=False)
    order = np.random.default_rng(0).permutation(3000)
    assert np.array_equal(kernel.deviations(p[order], q[order]), kernel.deviations(p, q)[order])
    assert np.array_equal(kernel.least_disagreement(p[order], q[order]), kernel.least_disagreement(p, q)[order])
    assert np.array_equal(kernel.worst_loss(p[order], q[order])[1], kernel.worst_loss(p, q)[1][order])
