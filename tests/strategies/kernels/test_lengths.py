"""Lengths of gradients against the outer products that the kernels never build."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import given, settings
from numpy.typing import NDArray

from probability_rows import rows
from querist.strategies.kernels.lengths import expected_length, expected_length_of_residual, row_norms


def slow_expected(p: NDArray[Any]) -> list[float]:
    out = []
    for row in p.astype(np.float64):
        total = 0.0
        for c, share in enumerate(row):
            total += share * math.sqrt(math.fsum((v - (k == c)) ** 2 for k, v in enumerate(row)))
        out.append(total)
    return out


@settings(max_examples=30, deadline=None)
@given(rows())
def test_expected_length(p: NDArray[Any]) -> None:
    np.testing.assert_allclose(expected_length(p), slow_expected(p), atol=1e-12)
    a = p.astype(np.float64)
    a[np.arange(len(p)), p.argmax(axis=1)] -= 1.0
    np.testing.assert_allclose(expected_length_of_residual(a), slow_expected(p), atol=1e-7)


def test_a_sure_model_is_not_drowned_in_rounding() -> None:
    """p = (1 - e, e): (1 - e) e sqrt 2 + e (1 - e) sqrt 2 = 2 sqrt 2 e (1 - e), which the expanded square loses."""
    e = 2.0**-40
    p = np.array([[1.0 - e, e]])
    np.testing.assert_allclose(expected_length(p), [2 * math.sqrt(2) * e * (1 - e)], rtol=1e-12)
    assert expected_length(np.array([[1.0, 0.0]])).tolist() == [0.0]
    assert expected_length_of_residual(np.zeros((1, 3))).tolist() == [0.0]


def test_row_norms_neither_overflow_nor_vanish_in_float32() -> None:
    h = np.array([[3.0, 4.0], [3e25, 4e25], [3e-25, 4e-25], [0.0, 0.0]], dtype=np.float32)
    np.testing.assert_allclose(row_norms(h), [5.0, 5e25, 5e-25, 0.0], rtol=1e-6)
    assert row_norms(h).dtype == np.float64
