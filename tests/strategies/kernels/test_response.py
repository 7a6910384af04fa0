"""Closed forms of what an answer does, against fits and dense Newton steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.strategies.kernels.response import covariance, error_reduction, output_change, reach


def ridge_fit(h: np.ndarray, y: np.ndarray, ridge: float) -> np.ndarray:
    return np.asarray(np.linalg.solve(ridge * np.eye(h.shape[1]) + h.T @ h, h.T @ y))


@pytest.mark.parametrize("ridge", [1.0, 0.1])
def test_one_more_answer_moves_a_ridge_regression_by_reach(ridge: float) -> None:
    rng = np.random.default_rng(0)
    h, y, u = rng.normal(size=(12, 4)), rng.normal(size=(12, 3)), rng.normal(size=(5, 4))
    before = ridge_fit(h[:11], y[:11], ridge)
    change = u @ (ridge_fit(h, y, ridge) - before)
    a = covariance(h[:11], 4, ridge, 1.0)
    (_, k), *_ = reach(a, h[11:], u, 1.0)
    assert change == pytest.approx(np.outer(k[0], y[11] - h[11] @ before))
    assert output_change(a, h[11:], u) == pytest.approx([np.abs(k[0]).mean()])


def newton_step(known: np.ndarray, p: np.ndarray, x: np.ndarray, y: int, ridge: float) -> np.ndarray:
    """Weights (C, D): minus the inverse of ridge I + B (x) sum h h', B = 1/2 (I - 11'/C), times the gradient."""
    c, d = len(p), len(x)
    bound = 0.5 * (np.eye(c) - np.ones((c, c)) / c)
    m = ridge * np.eye(c * d) + sum(np.kron(bound, np.outer(h, h)) for h in [*known, x])
    return np.asarray(-np.linalg.solve(m, np.kron(p - np.eye(c)[y], x)).reshape(c, d))


def slow_reduction(
    known: np.ndarray, p: np.ndarray, h: np.ndarray, q: np.ndarray, u: np.ndarray, ridge: float, loss: str
) -> np.ndarray:
    def risk(rows: np.ndarray) -> float:
        if loss == "log":
            return float(-(rows * np.log(rows)).sum(1).mean())
        return float(1 - rows.max(1).mean())

    out = np.full(len(h), risk(q))
    for i in range(len(h)):
        for y in range(p.shape[1]):
            logits = np.log(q) + u @ newton_step(known, p[i], h[i], y, ridge).T
            moved = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
            out[i] -= p[i, y] * risk(moved)
    return out


@given(st.integers(0, 10**6), st.integers(2, 4), st.sampled_from(["log", "zero_one"]), st.sampled_from([1.0, 0.05]))
@settings(max_examples=25, deadline=None)
def test_error_reduction_is_that_of_dense_newton_steps(seed: int, c: int, loss: str, ridge: float) -> None:
    rng = np.random.default_rng(seed)
    p, h, known = rng.dirichlet(np.ones(c), 6), rng.normal(size=(6, 3)), rng.normal(size=(4, 3))
    q, u = rng.dirichlet(np.ones(c), 5), rng.normal(size=(5, 3))
    got = error_reduction(covariance(known, 3, ridge, 0.5), p, h, q, u, loss)
    assert got == pytest.approx(slow_reduction(known, p, h, q, u, ridge, loss), abs=1e-9)


def test_one_class_and_sure_rows_and_large_features() -> None:
    h = np.array([[1.0, 2.0], [0.5, 0.0]])
    for loss in ("log", "zero_one"):
        assert error_reduction(covariance(h, 2, 1.0, 0.5), np.ones((2, 1)), h, np.ones((2, 1)), h, loss) == (
            pytest.approx([0.0, 0.0], abs=1e-12)
        )
        sure = np.eye(2)
        a = covariance(h[:0], 2, 1e-3, 0.5)
        assert np.isfinite(error_reduction(a, sure, h * 1e6, sure, h * 1e9, loss)).all()


def test_a_newton_step_never_raises_the_loss_of_its_answer() -> None:
    """The bound of the curvature makes every step a descent."""
    rng = np.random.default_rng(5)
    for _ in range(50):
        p, x = rng.dirichlet(np.full(3, 0.3)), rng.normal(size=2) * 10
        p = np.maximum(p, 1e-12) / np.maximum(p, 1e-12).sum()
        for y in range(3):
            logits = np.log(p) + newton_step(np.zeros((0, 2)), p, x, y, 1e-3) @ x
            assert logits[y] - np.log(np.exp(logits).sum()) >= np.log(p[y]) - 1e-9


def test_covariance_with_a_ridge_that_float64_would_lose() -> None:
    h = np.ones((3, 4)) * 1e9
    a = covariance(h, 4, 1e-9, 1.0)
    assert np.isfinite(a).all()
    assert np.linalg.eigvalsh(a).min() > 0
