"""Outputs over rounds: by hand, against one row at a time, and an identity."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.strategies.kernels.outputs import last_move, moving_average, spread_of_students


def test_last_move_by_hand() -> None:
    """Only the last two steps count: (0.3, -0.3) has length 0.3 sqrt 2."""
    history = np.array([[[0.0, 1.0], [0.5, 0.5], [0.8, 0.2]], [[0.9, 0.1], [0.2, 0.8], [0.2, 0.8]]])
    assert last_move(history) == pytest.approx([0.3 * math.sqrt(2), 0.0])
    assert last_move(np.array([[5.0, 1.0, 3.0]])) == pytest.approx([2.0])


def test_nothing_to_compare_with() -> None:
    assert last_move(np.ones((4, 1, 3))).tolist() == [0.0] * 4
    assert last_move(np.ones((4, 1))).tolist() == [0.0] * 4


def test_spread_by_hand() -> None:
    """Students (1/2, 1/2) and (1/4, 3/4): teacher (3/8, 5/8)."""
    a, b = 3 / 8, 5 / 8
    first = a * math.log(a / 0.5) + b * math.log(b / 0.5)
    second = a * math.log(a / 0.25) + b * math.log(b / 0.75)
    got = spread_of_students(np.array([[[0.5, 0.5], [0.25, 0.75]]]))
    assert got == pytest.approx([(first + second) / 2])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 99), st.integers(1, 30), st.integers(1, 5), st.integers(1, 6), st.booleans(), st.booleans())
def test_against_one_row_at_a_time(seed: int, n: int, t: int, c: int, short: bool, sure: bool) -> None:
    q: Any = np.random.default_rng(seed).dirichlet(np.ones(c), (n, t))
    q = (np.eye(c)[q.argmax(axis=2)] if sure else q).astype(np.float32 if short else np.float64)
    got = spread_of_students(q)
    for i in range(n):
        each = q[i].astype(np.float64)
        mean = each.mean(axis=0)
        expected = 0.0
        for step in each:
            expected += sum(m * math.log(m / max(s, 1e-12)) for m, s in zip(mean, step, strict=True) if m > 0) / t
        assert got[i] == pytest.approx(expected, rel=1e-5, abs=1e-5 if short else 1e-12)
        assert got[i] >= 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_checkpoints_that_agree_give_exactly_zero(dtype: Any) -> None:
    one = np.random.default_rng(0).dirichlet(np.ones(5), 400).astype(dtype)
    assert not spread_of_students(np.repeat(one[:, None], 7, axis=1)).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("decay", [0.0, 0.3, 0.9])
def test_the_moving_average_step_by_step(decay: float, dtype: Any) -> None:
    q = np.random.default_rng(0).dirichlet(np.ones(3), (20, 6)).astype(dtype)
    z = np.zeros((20, 3))
    for step in range(6):
        z = decay * z + (1 - decay) * q[:, step]
    got = moving_average(q, decay)
    assert got.dtype == dtype
    np.testing.assert_allclose(got, z / (1 - decay**6), atol=1e-6)
    np.testing.assert_allclose(got.sum(axis=1), 1.0, atol=1e-6)


def test_without_memory_the_last_output_stands() -> None:
    q = np.random.default_rng(1).dirichlet(np.ones(4), (9, 3))
    assert np.array_equal(moving_average(q, 0.0), q[:, -1])
    assert moving_average(q[:, :1], 0.7) == pytest.approx(q[:, 0])
