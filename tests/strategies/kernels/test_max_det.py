"""Greedy log-determinant beside determinants computed anew at each pick."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.strategies.kernels import max_det as module
from querist.strategies.kernels.max_det import GaussianGiven, LinearGiven, greedy_log_det

GAMMA = 0.3


def matrix(kind: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if kind == "linear":
        return np.asarray(x @ y.T)
    return np.asarray(np.exp(-GAMMA * ((x[:, None] - y[None]) ** 2).sum(-1)))


def naive(
    kind: str, x: np.ndarray, known: np.ndarray, n: int, keys: np.ndarray, ridge: float
) -> tuple[list[int], list[float]]:
    """log det of every candidate set, from scratch; equal ones (to rounding) by key."""
    picked: list[int] = []
    gains: list[float] = []

    def log_det(points: np.ndarray) -> float:
        return float(np.linalg.slogdet(matrix(kind, points, points) + ridge * np.eye(len(points)))[1])

    while len(picked) < n:
        base = np.concatenate([known, x[picked]])
        before = log_det(base) if len(base) else 0.0
        free = np.setdiff1d(np.arange(len(x)), picked)
        gain = np.array([log_det(np.concatenate([base, x[[row]]])) for row in free]) - before
        equal = free[gain >= gain.max() - 1e-8]
        best = int(equal[keys[equal].argmin()])
        picked.append(best)
        gains.append(float(gain.max()))
    return picked, gains


def fast(kind: str, x: np.ndarray, known: np.ndarray, ridge: float | None) -> LinearGiven | GaussianGiven:
    return LinearGiven(x, known, ridge) if kind == "linear" else GaussianGiven(x, known, GAMMA, ridge)


@pytest.mark.parametrize("kind", ["linear", "gaussian"])
@pytest.mark.parametrize("labelled", [0, 5])
def test_same_picks_over_several_passes(kind: str, labelled: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CANDIDATES", 6)
    monkeypatch.setattr(module, "_ROWS", 16)
    rng = np.random.default_rng(labelled)
    x, known = rng.normal(size=(60, 6)), rng.normal(size=(labelled, 6))
    keys = rng.permutation(60).astype(np.uint64)
    rows, pivots = greedy_log_det(fast(kind, x, known, 0.1), 20, keys)
    wanted, gains = naive(kind, x, known, 20, keys, 0.1)
    assert rows.tolist() == wanted
    assert np.log(pivots + 0.1) == pytest.approx(gains, abs=1e-5)


@given(st.integers(0, 10**6), st.integers(1, 14), st.sampled_from(["linear", "gaussian"]), st.booleans())
@settings(max_examples=25, deadline=None)
def test_same_picks_with_ties_and_copies(seed: int, n: int, kind: str, copies: bool) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(-1, 2, size=(n, 2)).astype(float)
    x = x[rng.integers(0, n, n)] if copies else x
    keys = rng.permutation(n).astype(np.uint64)
    rows, _ = greedy_log_det(fast(kind, x, x[:0], 0.5), n, keys)
    assert sorted(rows.tolist()) == list(range(n))
    assert rows.tolist() == naive(kind, x, x[:0], n, keys, 0.5)[0]


@pytest.mark.parametrize("scale", [0.0, 1e-9, 1e9])
def test_extremes(scale: float) -> None:
    x = np.random.default_rng(0).normal(size=(12, 3)) * scale
    for kind in ("linear", "gaussian"):
        rows, pivots = greedy_log_det(fast(kind, x, x[:2], None), 12, np.arange(12, dtype=np.uint64))
        assert sorted(rows.tolist()) == list(range(12))
        assert np.isfinite(pivots).all()
        assert (pivots >= 0).all()


def test_few_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).normal(size=(5_000, 32)).astype(np.float32)
    passes: list[int] = []
    real = LinearGiven.add

    def counted(self: LinearGiven, rows: np.ndarray, pivots: np.ndarray) -> None:
        passes.append(len(rows))
        real(self, rows, pivots)

    monkeypatch.setattr(LinearGiven, "add", counted)
    rows, _ = greedy_log_det(LinearGiven(x, x[:200]), 100, np.arange(5_000, dtype=np.uint64))
    assert len(set(rows.tolist())) == 100
    assert len(passes) < 20
