"""Fronts by hand and against peeling them off one after the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from querist.strategies.kernels.fronts import fronts


def peeled(a: NDArray[np.float64], b: NDArray[np.float64]) -> list[int]:
    """Take away what nobody dominates, again and again."""
    out = [-1] * len(a)
    left, front = set(range(len(a))), 0
    while left:
        free = [
            i
            for i in left
            if not any(a[j] >= a[i] and b[j] >= b[i] and (a[j] > a[i] or b[j] > b[i]) for j in left if j != i)
        ]
        for i in free:
            out[i] = front
        left -= set(free)
        front += 1
    return out


def test_by_hand() -> None:
    a = np.array([3.0, 1.0, 2.0, 1.0, 3.0, 0.0])
    b = np.array([1.0, 3.0, 2.0, 1.0, 1.0, 0.0])
    assert fronts(a, b).tolist() == [0, 0, 0, 1, 0, 2]


def test_ends() -> None:
    assert fronts(np.array([1.0]), np.array([2.0])).tolist() == [0]
    assert fronts(np.zeros(5), np.zeros(5)).tolist() == [0] * 5
    chain = np.arange(6.0)
    assert fronts(chain, chain).tolist() == [5, 4, 3, 2, 1, 0]
    assert fronts(chain, -chain).tolist() == [0] * 6


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.5, 1.0, 2.0, 1e300]), st.sampled_from([-1.0, 0.0, 1e-9, 3.0])),
        min_size=1,
        max_size=25,
    ),
    st.integers(0, 99),
    st.booleans(),
)
def test_against_peeling(tied: list[tuple[float, float]], seed: int, loose: bool) -> None:
    rows = np.array(tied)
    if loose:
        rows = rows + np.random.default_rng(seed).random(rows.shape)
    assert fronts(rows[:, 0], rows[:, 1]).tolist() == peeled(rows[:, 0], rows[:, 1])


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_rows_plays_no_part(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 30, (400, 2)).astype(float)
    order = rng.permutation(400)
    assert np.array_equal(fronts(*rows[order].T), fronts(*rows.T)[order])
