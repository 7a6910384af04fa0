"""The factored forward and backward steps pick what dense matrices pick."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.strategies.kernels import bait as module
from querist.strategies.kernels.bait import forward_backward
from querist.strategies.kernels.fisher import Rows, floored, mean_information
from strategies.dense_fisher import information


def dense(
    p: np.ndarray | None, h: np.ndarray, known: np.ndarray, n: int, keys: np.ndarray, ridge: float
) -> tuple[list[int], list[float]]:
    """Every candidate's trace from an inverse of its own."""
    each = information(p, h)
    fisher, m = each.mean(0), ridge * np.eye(each.shape[1]) + known

    def trace(matrix: np.ndarray) -> float:
        return float(np.trace(np.linalg.solve(matrix, fisher)))

    def pick(rows: list[int], values: list[float], order: np.ndarray) -> int:
        low = min(values) + 1e-9 * max(abs(v) for v in values)
        return min((r for r, v in zip(rows, values, strict=True) if v <= low), key=lambda r: order[r])

    chosen: list[int] = []
    falls: dict[int, float] = {}
    while len(chosen) < min(2 * n, len(h)):
        rows = [r for r in range(len(h)) if r not in chosen]
        gains = [trace(m) - trace(m + each[r]) for r in rows]
        row = pick(rows, [-g for g in gains], keys)
        falls[row] = gains[rows.index(row)]
        chosen.append(row)
        m = m + each[row]
    while len(chosen) > n:
        losses = [trace(m - each[r]) - trace(m) for r in chosen]
        row = pick(chosen, losses, keys.max() - keys)
        chosen.remove(row)
        m = m - each[row]
    return chosen, [falls[r] for r in chosen]


def factored(
    p: np.ndarray | None, h: np.ndarray, known: np.ndarray, n: int, keys: np.ndarray, ridge: float
) -> tuple[list[int], list[float]]:
    rows = Rows(p, h)
    shape = (rows.classes, rows.width, rows.classes, rows.width)
    found = forward_backward(rows, known.reshape(shape), ridge, mean_information(rows), n, keys)
    return found[0].tolist(), found[1].tolist()


@given(st.integers(0, 10**6), st.integers(1, 4), st.sampled_from([1.0, 1e-2, 30.0]), st.integers(0, 5))
@settings(max_examples=25, deadline=None)
def test_same_picks_as_dense_matrices(seed: int, c: int, ridge: float, labelled: int) -> None:
    rng = np.random.default_rng(seed)
    p, h = rng.dirichlet(np.full(c, 0.7), 14), rng.normal(size=(14, 3)) * 2
    p = p if c > 1 else np.ones((14, 1))  # exactly
    known = information(rng.dirichlet(np.ones(c), labelled), rng.normal(size=(labelled, 3)))
    keys = rng.permutation(14).astype(np.uint64)
    start = known.sum(0) if labelled else np.zeros((c * 3, c * 3))
    got, want = factored(p, h, start, 4, keys, ridge), dense(p, h, start, 4, keys, ridge)
    assert got[0] == want[0]
    assert got[1] == pytest.approx(want[1], rel=1e-7, abs=1e-12)


@given(st.integers(0, 10**6), st.sampled_from(["tied", "duplicated", "constant", "sure", "huge", "tiny"]))
@settings(max_examples=25, deadline=None)
def test_same_picks_on_hard_inputs(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    p, h = rng.dirichlet(np.ones(3), 10), rng.normal(size=(10, 2))
    if kind == "tied":
        p, h = np.full((10, 3), 1 / 3), rng.integers(-1, 2, size=(10, 2)).astype(float)
    elif kind == "duplicated":
        again = rng.integers(0, 4, 10)
        p, h = p[again], h[again]
    elif kind == "constant":
        p, h = np.repeat(p[:1], 10, 0), np.repeat(h[:1], 10, 0)
    elif kind == "sure":
        p = np.eye(3)[rng.integers(0, 3, 10)]
    elif kind in ("huge", "tiny"):
        h = h * (1e3 if kind == "huge" else 1e-4)
    keys, start = rng.permutation(10).astype(np.uint64), np.zeros((6, 6))
    got = factored(p, h, start, 3, keys, 1.0)
    assert len(set(got[0])) == 3
    assert got[0] == dense(p, h, start, 3, keys, 1.0)[0]


def test_regression() -> None:
    rng = np.random.default_rng(3)
    h, keys = rng.normal(size=(20, 4)), rng.permutation(20).astype(np.uint64)
    got = factored(None, h, np.zeros((4, 4)), 5, keys, 0.1)
    want = dense(None, h, np.zeros((4, 4)), 5, keys, 0.1)
    assert got[0] == want[0]
    assert got[1] == pytest.approx(want[1])


def test_the_whole_pool() -> None:
    rng = np.random.default_rng(0)
    p, h = rng.dirichlet(np.ones(3), 5), rng.normal(size=(5, 2))
    rows = factored(p, h, np.zeros((6, 6)), 5, np.arange(5, dtype=np.uint64), 1.0)[0]
    assert sorted(rows) == [0, 1, 2, 3, 4]


def long_pool(n: int = 3_000, c: int = 4, d: int = 8) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    h = rng.normal(size=(n, d)).astype(np.float32)
    logits = h @ rng.normal(size=(d, c)).astype(np.float32)
    p = np.exp(logits - logits.max(1, keepdims=True))
    return (p / p.sum(1, keepdims=True)).astype(np.float32), h


def picks(p: np.ndarray, h: np.ndarray, n: int) -> list[int]:
    rows = Rows(p, h)
    fisher = mean_information(rows)
    found = forward_backward(rows, fisher * 0, floored(1.0, fisher), fisher, n, np.arange(len(h), dtype=np.uint64))[0]
    return [int(r) for r in found]


def test_the_screen_in_float32_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    p, h = long_pool()
    want = picks(p, h, 12)
    kinds: list[np.dtype] = []
    real = module._Field.__init__

    def noted(self: module._Field, rows: Rows, a: np.ndarray, b: np.ndarray) -> None:
        if rows.size == len(h):
            kinds.append(rows.dtype)
        real(self, rows, a, b)

    monkeypatch.setattr(module._Field, "__init__", noted)
    monkeypatch.setattr(module, "_SHORT", 100)
    assert picks(p, h, 12) == want
    assert kinds == [np.float32]
    kinds.clear()
    assert picks(p, h * np.float32(2**30), 12) == picks(p, h.astype(np.float64) * 2.0**30, 12)
    assert kinds == [np.float32, np.float64, np.float64], "what float32 cannot hold goes on in float64"


def test_memory_stays_far_below_the_dense_factors() -> None:
    p, h = long_pool(20_000, 6, 40)
    tracemalloc.start()
    found = picks(p, h, 2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(set(found)) == 2
    assert peak < 20_000 * 6 * 40 * 4, "the factors would take six times this"
