"""Products with factors of Fisher information against the matrices written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probability_rows import rows
from querist.strategies.kernels.fisher import (
    Rows,
    around,
    floored,
    inverse,
    mean_information,
    quadratic,
    through,
    total_information,
    traces,
)
from strategies.dense_fisher import factors, information


def features(p: np.ndarray, width: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(len(p), width)).astype(p.dtype)


def test_one_row_by_hand() -> None:
    """p = (1/2, 1/2), h = 2: G = [[1/4, -1/4], [-1/4, 1/4]], times h h' = 4."""
    total = total_information(Rows(np.array([[0.5, 0.5]]), np.array([[2.0]])))
    assert total.reshape(2, 2).tolist() == [[1.0, -1.0], [-1.0, 1.0]]


@given(rows(most=12), st.integers(1, 4), st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_information_is_that_of_the_factors(p: np.ndarray, width: int, seed: int) -> None:
    if p.shape[1] > 10:
        p = p[:, :10] + p.dtype.type(1e-3)
        p = p / p.sum(1, keepdims=True)
    h = features(p, width, seed)
    size = p.shape[1] * width
    dense = information(p, h)
    kept = Rows(p, h)
    assert total_information(kept).reshape(size, size) == pytest.approx(dense.sum(0), abs=1e-5)
    assert mean_information(kept).reshape(size, size) == pytest.approx(dense.mean(0), abs=1e-5)


@pytest.mark.parametrize(("n", "c", "d"), [(5, 3, 4), (1100, 2, 3), (7, 1, 2), (4, 12, 2)])
def test_quadratic_forms(n: int, c: int, d: int) -> None:
    rng = np.random.default_rng(n)
    p, h = rng.dirichlet(np.ones(c), n), rng.normal(size=(n, d))
    m = rng.normal(size=(c * d, c * d))
    m = m + m.T
    kept = Rows(p, h)
    for block in kept.blocks():
        shares = kept.shares(block)
        got = around(shares, quadratic(m.reshape(c, d, c, d), kept.features(block)))
        want = np.array([f.T @ m @ f for f in factors(p[block], h[block])])
        assert got.transpose(2, 0, 1) == pytest.approx(want)
        y = rng.normal(size=(c, 2, block.stop - block.start))
        plain = np.array([kept.factor(i).T @ y[:, :, i - block.start] for i in range(block.start, block.stop)])
        assert through(shares, y.copy()).transpose(2, 0, 1) == pytest.approx(plain)


def test_a_regression_has_the_factor_one() -> None:
    h = np.random.default_rng(0).normal(size=(6, 3))
    kept = Rows(None, h)
    assert total_information(kept).reshape(3, 3) == pytest.approx(h.T @ h)
    assert kept.factor(2).tolist() == [[1.0]]
    assert kept.take(np.array([4])).h.tolist() == h[[4]].tolist()


@given(st.integers(0, 10**6), st.integers(1, 8), st.sampled_from([1.0, 1e4, 1e-6]), st.sampled_from([1, -1]))
@settings(max_examples=25, deadline=None)
def test_traces(seed: int, c: int, scale: float, sign: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 5, c, c))
    s, t = x @ x.transpose(0, 2, 1), y @ y.transpose(0, 2, 1)
    s = s * scale if sign > 0 else 0.9 * s / np.linalg.norm(s, axis=(1, 2))[:, None, None]
    want = [np.trace(np.linalg.solve(np.eye(c) + sign * a, b)) for a, b in zip(s, t, strict=True)]
    got = traces(s.transpose(1, 2, 0).copy(), t.transpose(1, 2, 0).copy(), sign)
    assert got == pytest.approx(want, rel=1e-8)


def test_inverse() -> None:
    x = np.random.default_rng(0).normal(size=(6, 20))
    m = (x @ x.T).reshape(2, 3, 2, 3)
    assert inverse(m, 0.5).reshape(6, 6) == pytest.approx(np.linalg.inv(x @ x.T + 0.5 * np.eye(6)))
    ridge = floored(1e-3, m * 1e30)
    assert ridge == pytest.approx(1e20 * np.diag(x @ x.T).max())
    lost = inverse(m * 1e30, ridge).reshape(6, 6)
    assert np.linalg.eigvalsh(lost).min() > 0
    assert floored(0.5, m) == 0.5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_that_sum_to_one_only_nearly_have_no_negative_information(dtype: type) -> None:
    rng = np.random.default_rng(0)
    p: Any = (rng.dirichlet(np.full(3, 0.1), 3) * 1.0005).astype(dtype)
    total = total_information(Rows(p, (rng.normal(size=(3, 4)) * 1e8).astype(dtype))).reshape(12, 12)
    values = np.linalg.eigvalsh(total)
    assert values[0] > -1e-14 * values[-1]
