"""FIRAL's relaxation is optimal, its rounding that of matrices written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize

from querist.strategies.kernels.firal import class_blocks, ratio, relaxed, rounded
from querist.strategies.kernels.fisher import Rows, total_information


def blocks(p: np.ndarray, h: np.ndarray) -> np.ndarray:
    """(N, C, D, D) information of each row about each class."""
    return np.asarray(np.einsum("nk,nd,ne->nkde", p * (1 - p), h, h))


def whole(s: np.ndarray) -> np.ndarray:
    """(C D, C D) block-diagonal."""
    c, d = s.shape[:2]
    out = np.zeros((c * d, c * d))
    for k in range(c):
        out[k * d : (k + 1) * d, k * d : (k + 1) * d] = s[k]
    return out


def problem(seed: int, n: int, c: int, d: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p, h = rng.dirichlet(np.ones(c), n), rng.normal(size=(n, d))
    known = 0.5 * np.tile(np.eye(d), (c, 1, 1)) + blocks(rng.dirichlet(np.ones(c), 2), rng.normal(size=(2, d))).sum(0)
    return p, h, known, blocks(p, h).mean(0)


def test_blocks_are_the_diagonal_of_the_whole_information() -> None:
    p, h, _, _ = problem(0, 30, 3, 4)
    total = total_information(Rows(p, h))
    for k in range(3):
        assert class_blocks(Rows(p, h))[k] == pytest.approx(total[k, :, k, :])
    z = np.random.default_rng(0).random(30)
    assert class_blocks(Rows(p, h), z) == pytest.approx(np.einsum("n,nkde->kde", z, blocks(p, h)))


def test_ratio_by_hand() -> None:
    assert ratio(np.array([[[2.0]], [[4.0]]]), np.array([[[1.0]], [[1.0]]])) == 0.75


@given(st.integers(0, 10**6), st.integers(2, 3), st.integers(1, 4))
@settings(max_examples=15, deadline=None)
def test_no_other_weights_have_a_smaller_ratio_than_the_bound(seed: int, c: int, n: int) -> None:
    p, h, known, fisher = problem(seed, 8, c, 2)
    each = blocks(p, h)
    z, value, bound = relaxed(Rows(p, h), known, fisher, n, gap=1e-3)
    assert z.min() >= 0
    assert z.sum() == pytest.approx(n)
    assert value == pytest.approx(ratio(known + np.einsum("n,nkde->kde", z, each), fisher))

    def value_at(t: np.ndarray) -> float:
        w = np.exp(t - t.max())
        return ratio(known + np.einsum("n,nkde->kde", n * w / w.sum(), each), fisher)

    least = min(float(minimize(value_at, np.random.default_rng(s).normal(size=8)).fun) for s in range(2))
    assert bound <= least + 1e-9
    assert value <= least * (1 + 2e-3)


def slow_round(
    p: np.ndarray, h: np.ndarray, known: np.ndarray, s: np.ndarray, n: int, eta: float
) -> tuple[list[int], list[float]]:
    """With (C D) x (C D) matrices, their square roots and an inverse for each candidate."""
    size = len(s) * s.shape[1]
    values, vectors = np.linalg.eigh(whole(s))
    root = (vectors / np.sqrt(values)) @ vectors.T
    each = [root @ whole(b) @ root for b in blocks(p, h)]
    part = root @ whole(known) @ root / n
    gathered = np.zeros((size, size))
    rows: list[int] = []
    falls: list[float] = []
    for _ in range(n):
        seen = eta * np.linalg.eigvalsh(gathered)
        nu = brentq(lambda v: (1 / (v + seen) ** 2).sum() - 1, -seen.min() + 1e-9, -seen.min() + size)  # noqa: B023
        base = nu * np.eye(size) + eta * (gathered + part)
        traces = [np.trace(np.linalg.inv(base)) - np.trace(np.linalg.inv(base + eta * x)) for x in each]
        row = max((i for i in range(len(h)) if i not in rows), key=lambda i: traces[i])
        rows.append(row)
        falls.append(float(traces[row]))
        gathered = gathered + part + each[row]
    return rows, falls


@given(st.integers(0, 10**6), st.integers(2, 3), st.sampled_from([0.5, 5.0, 50.0]))
@settings(max_examples=20, deadline=None)
def test_rounding_against_matrices_written_out(seed: int, c: int, eta: float) -> None:
    p, h, known, fisher = problem(seed, 10, c, 2)
    rows = Rows(p, h)
    z, _, _ = relaxed(rows, known, fisher, 4)
    s = known + class_blocks(rows, z)
    got = rounded(rows, known, s, 4, eta, np.arange(10, dtype=np.uint64))
    want = slow_round(p, h, known, s, 4, eta)
    assert got[0].tolist() == want[0]
    assert got[1] == pytest.approx(want[1], rel=1e-6)


def test_long_pools_in_float32() -> None:
    p, h, known, fisher = problem(1, 3_000, 3, 6)
    keys = np.arange(3_000, dtype=np.uint64)
    short = Rows(p.astype(np.float32), h.astype(np.float32), np.float32)
    z, value, bound = relaxed(short, known, fisher, 20)
    assert bound <= value <= 1.011 * bound
    s = known + class_blocks(short, z)
    a, b = (rounded(r, known, s, 20, 8.0, keys)[0] for r in (short, Rows(p, h)))
    assert len(set(a.tolist()) & set(b.tolist())) >= 18
