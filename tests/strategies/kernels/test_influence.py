"""Sums and products of last-layer gradients against gradients written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from querist.strategies.kernels.influence import (
    along,
    glister,
    guesses,
    inverse_curvature,
    match,
    residuals,
    total_gradient,
)
from strategies.dense_fisher import information

KINDS = ("random", "tied", "duplicated", "constant")


def pool(seed: int, n: int, c: int, d: int, kind: str = "random") -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p, h = rng.dirichlet(np.ones(c), n), rng.normal(size=(n, d))
    if kind == "tied":
        p, h = np.full((n, c), 1 / c), rng.integers(-1, 2, size=(n, d)).astype(float)
    elif kind == "duplicated":
        again = rng.integers(0, max(1, n // 2), n)
        p, h = p[again], h[again]
    elif kind == "constant":
        p, h = np.repeat(p[:1], n, 0), np.repeat(h[:1], n, 0)
    return p, h


def written_out(residual: np.ndarray, h: np.ndarray) -> np.ndarray:
    return np.asarray(np.einsum("nc,nd->ncd", residual, h))


def test_one_gradient_by_hand() -> None:
    p, h = np.array([[0.75, 0.25]]), np.array([[2.0, 4.0]])
    r = residuals(p, guesses(p))
    assert r.tolist() == [[-0.25, 0.25]]
    assert total_gradient(r, h).tolist() == [[-0.5, -1.0], [0.5, 1.0]]
    assert along(r, h, np.array([[1.0, 0.0], [0.0, 1.0]])).tolist() == [-0.5 + 1.0]
    assert guesses(np.array([[0.4, 0.4, 0.2]])).tolist() == [0], "the first of equals"


@given(st.integers(0, 10**6), st.integers(1, 5), st.sampled_from(KINDS))
@settings(max_examples=25, deadline=None)
def test_sums_and_products(seed: int, c: int, kind: str) -> None:
    p, h = pool(seed, 9, c, 3, kind)
    r = residuals(p, guesses(p))
    g, m = written_out(r, h), np.random.default_rng(seed).normal(size=(c, 3))
    assert total_gradient(r, h) == pytest.approx(g.sum(0))
    assert along(r, h, m) == pytest.approx((g * m).sum((1, 2)))


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(0, 7), st.sampled_from([1.0, 1e-3, 1e4]))
@settings(max_examples=25, deadline=None)
def test_inverse_curvature(seed: int, c: int, n: int, damping: float) -> None:
    p, h = pool(seed, max(n, 1), c, 3)
    p, h = p[:n], h[:n]
    m = np.random.default_rng(seed).normal(size=(c, 3))
    mean = information(p, h).mean(0) if n else np.zeros((c * 3, c * 3))
    want = np.linalg.solve(mean + damping * np.eye(c * 3), m.ravel()).reshape(c, 3)
    assert inverse_curvature(p, h, damping, m) == pytest.approx(want, rel=1e-6, abs=1e-8 * np.abs(want).max())
    assert inverse_curvature(p, h, damping, m * 0).tolist() == np.zeros((c, 3)).tolist()


def slow_glister(
    p: np.ndarray,
    h: np.ndarray,
    ref: tuple[np.ndarray, ...],
    n: int,
    step: float,
    keys: np.ndarray,
    before: tuple[int, ...] = (),
) -> tuple[list[int], list[float]]:
    """Weights that move: W begins at 0 and is added to the logits of the reference set."""
    g = written_out(residuals(p, guesses(p)), h)
    w = -step * g[list(before)].sum(0)
    rows: list[int] = []
    gains: list[float] = []
    for _ in range(n):
        logits = np.log(ref[0]) + ref[1] @ w.T
        q = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        slope = written_out(residuals(q, ref[2]), ref[1]).mean(0)
        values = (g * slope).sum((1, 2))
        free = [i for i in range(len(h)) if i not in rows]
        high = max(values[i] for i in free)
        row = min((i for i in free if values[i] >= high - 1e-10 * np.abs(values).max()), key=lambda i: keys[i])
        rows.append(row)
        gains.append(step * values[row])
        w -= step * g[row]
    return rows, gains


@given(st.integers(0, 10**6), st.integers(1, 4), st.sampled_from(KINDS), st.sampled_from([0.05, 1.0]))
@settings(max_examples=25, deadline=None)
def test_glister_moves_the_weights(seed: int, c: int, kind: str, step: float) -> None:
    p, h = pool(seed, 10, c, 3, kind)
    q, x = pool(seed + 1, 6, c, 3)
    rng = np.random.default_rng(seed)
    y, keys = rng.integers(0, c, 6), rng.permutation(10).astype(np.uint64)
    r = residuals(p, guesses(p))
    got = glister(r, h, (q, x, y), 6, step, keys, np.zeros((c, 3)))
    want = slow_glister(p, h, (q, x, y), 6, step, keys)
    if c > 1:
        assert got[0].tolist() == want[0]
    assert got[1] == pytest.approx(want[1], abs=1e-9)
    moved = glister(r, h, (q, x, y), 3, step, keys, total_gradient(r[:2], h[:2]))
    assert moved[1] == pytest.approx(slow_glister(p, h, (q, x, y), 3, step, keys, (0, 1))[1], abs=1e-9)


def test_a_step_lowers_the_loss_by_what_is_said() -> None:
    """Finite differences: the loss after a short step along the chosen gradient."""
    p, h = pool(0, 20, 3, 4)
    q, x = pool(1, 8, 3, 4)
    y = np.array([0, 1, 2, 0, 1, 2, 0, 1])
    r = residuals(p, guesses(p))
    rows, gain = glister(r, h, (q, x, y), 1, 1e-6, np.arange(20, dtype=np.uint64), np.zeros((3, 4)))
    logits = np.log(q) - 1e-6 * x @ (np.outer(r[rows[0]], h[rows[0]])).T
    after = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    fall = (np.log(q) - after)[np.arange(8), y].mean() * -1
    assert gain[0] == pytest.approx(fall, rel=1e-4)


def slow_match(
    g: np.ndarray, target: np.ndarray, n: int, ridge: float, keys: np.ndarray, before: np.ndarray
) -> tuple[list[int], list[float]]:
    """Weights by non-negative least squares on the columns with sqrt(ridge) I below them."""
    flat, wanted = g.reshape(len(g), -1), target.ravel()
    rows: list[int] = []
    left: list[float] = []

    def unmatched() -> np.ndarray:
        chosen = np.vstack([before.reshape(len(before), flat.shape[1]), flat[rows]])
        if not len(chosen):
            return wanted
        columns = np.vstack([chosen.T, np.sqrt(ridge) * np.eye(len(chosen))])
        return np.asarray(wanted - chosen.T @ nnls(columns, np.concatenate([wanted, np.zeros(len(chosen))]))[0])

    rest = unmatched()
    for _ in range(n):
        values = flat @ rest
        free = [i for i in range(len(g)) if i not in rows]
        high = max(values[i] for i in free)
        close = high - 1e-9 * max(np.abs(values).max(), 1e-12)
        rows.append(min((i for i in free if values[i] >= close), key=lambda i: keys[i]))
        rest = unmatched()
        left.append(float(np.linalg.norm(rest) / np.linalg.norm(wanted)))
    return rows, left


@given(st.integers(0, 10**6), st.integers(2, 4), st.sampled_from([1.0, 1e-3]), st.sampled_from([0, 2]))
@settings(max_examples=25, deadline=None)
def test_matching_pursuit(seed: int, c: int, ridge: float, before: int) -> None:
    p, h = pool(seed, 12, c, 4)
    r = residuals(p, guesses(p))
    g, keys = written_out(r, h), np.random.default_rng(seed).permutation(12).astype(np.uint64)
    got = match(r, h, g.sum(0), 5, ridge, keys, (r[:before], h[:before]))
    want = slow_match(g, g.sum(0), 5, ridge, keys, g[:before])
    assert got[0].tolist() == want[0]
    assert got[2] == pytest.approx(want[1], rel=1e-6)


def test_matching_goes_on_when_nothing_is_left() -> None:
    r, h = np.array([[1.0, -1.0], [0.0, 0.0], [0.0, 0.0]]), np.ones((3, 2))
    rows, products, left = match(r, h, np.outer(r[0], h[0]), 3, 0.0, np.array([0, 2, 1], np.uint64), (r[:0], h[:0]))
    assert rows.tolist() == [0, 2, 1]
    assert left == pytest.approx([0.0, 0.0, 0.0], abs=1e-8)
    assert products == pytest.approx([4.0, 0.0, 0.0])
    none = match(r * 0, h, np.zeros((2, 2)), 3, 1.0, np.array([0, 2, 1], np.uint64), (r[:0], h[:0]))
    assert none[0].tolist() == [0, 2, 1]
