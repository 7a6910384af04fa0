"""The fast greedy picks what the plain greedy picks, in all its three ways."""

from __future__ import annotations

import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.strategies.kernels import coverage as module
from querist.strategies.kernels import live_pairs, similarity
from querist.strategies.kernels.coverage import Covered, cover_greedily, first_gains, gains_over
from querist.strategies.kernels.live_pairs import LivePairs
from querist.strategies.kernels.similarity import Similarity, cosine, gaussian, top_hat

KINDS = ["gaussian", "cosine", "top_hat"]


def make(kind: str, x: np.ndarray, width: float = 1.0) -> Similarity:
    return cosine(x) if kind == "cosine" else gaussian(x, 0.5 / width**2) if kind == "gaussian" else top_hat(x, width)


def matrix(kind: str, x: np.ndarray, y: np.ndarray, width: float = 1.0) -> np.ndarray:
    """The kernel written out in float64."""
    x, y = x.astype(float), y.astype(float)
    if kind == "cosine":
        length = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1)[None]
        return np.asarray(np.divide(x @ y.T, length, out=np.zeros_like(length), where=length > 0))
    d2 = ((x[:, None] - y[None]) ** 2).sum(-1)
    return np.asarray(np.exp(-d2 / (2 * width**2)) if kind == "gaussian" else (np.sqrt(d2) < width).astype(float))


def plain(k: np.ndarray, n: int, cover: np.ndarray, w: np.ndarray, keys: np.ndarray) -> tuple[list[int], list[float]]:
    """All gains anew at each pick; equal gains (to rounding) by key."""
    cover, free = cover.astype(float).copy(), np.ones(len(k), dtype=bool)
    picked: list[int] = []
    gains: list[float] = []
    while len(picked) < n:
        gain = np.where(free, w @ np.maximum(k - cover[:, None], 0), -1.0)
        equal = np.flatnonzero(free & (gain >= gain.max() - 1e-9 * max(w.sum(), 1e-300)))
        best = int(equal[keys[equal].argmin()])
        picked.append(best)
        gains.append(float(gain[best]))
        free[best] = False
        cover = np.maximum(cover, k[:, best])
    return picked, gains


def run(sim: Similarity, n: int, keys: np.ndarray, known: np.ndarray, w: np.ndarray, pairs: int = 10**8) -> Covered:
    return cover_greedily(sim, n, sim.nearest_to(known), w, keys, pairs)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("labelled", [0, 12])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("way", ["live pairs", "lazy", "ahead", "ahead, lazy"])
def test_same_picks_as_plain_greedy(
    kind: str, labelled: int, weighted: bool, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (similarity, live_pairs):
        monkeypatch.setattr(place, "SQUARE", 64)
    if "ahead" in way:
        monkeypatch.setattr(module, "_AHEAD", 0)
        monkeypatch.setattr(module, "_SPARSE", 0.9 if kind == "gaussian" else 0.01)
    rng = np.random.default_rng(labelled)
    x, known = rng.normal(size=(400, 3)), rng.normal(size=(labelled, 3))
    w = rng.random(400) if weighted else np.ones(400)
    keys = rng.permutation(400).astype(np.uint64)
    got = run(make(kind, x), 60, keys, known, w, 0 if "lazy" in way else 10**8)
    cover = matrix(kind, x, known).max(axis=1, initial=-1.0 if kind == "cosine" else 0.0)
    rows, gains = plain(matrix(kind, x, x), 60, cover, w, keys)
    assert got.rows.tolist() == rows
    assert got.gains == pytest.approx(gains, rel=1e-6, abs=1e-6)


@given(
    st.integers(0, 10**6), st.integers(1, 40), st.sampled_from(KINDS), st.sampled_from(["ties", "copies", "constant"])
)
@settings(max_examples=40, deadline=None)
def test_same_picks_on_hard_inputs(seed: int, n: int, kind: str, shape: str) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 4, size=(n, 2)).astype(float)
    x = x[rng.integers(0, n, n)] if shape == "copies" else np.ones((n, 2)) if shape == "constant" else x
    keys = rng.permutation(n).astype(np.uint64)
    for dtype in (np.float32, np.float64):
        got = run(make(kind, x.astype(dtype), 1.5), n, keys, x[:0], np.ones(n))
        base = -1.0 if kind == "cosine" else 0.0
        rows, gains = plain(matrix(kind, x, x, 1.5), n, np.full(n, base), np.ones(n), keys)
        assert sorted(got.rows.tolist()) == list(range(n)), "every row once"
        assert got.rows.tolist() == rows
        assert got.gains == pytest.approx(gains, abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_rows_does_not_matter(kind: str) -> None:
    rng = np.random.default_rng(4)
    x, keys = rng.normal(size=(300, 4)).astype(np.float32), rng.permutation(300).astype(np.uint64)
    order = rng.permutation(300)
    a = run(make(kind, x), 40, keys, x[:0], np.ones(300))
    b = run(make(kind, x[order]), 40, keys[order], x[:0], np.ones(300))
    assert a.rows.tolist() == order[b.rows].tolist()


def test_within_one_less_one_by_e_of_the_best() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        x = rng.normal(size=(9, 2))
        k = matrix("gaussian", x, x)
        got = run(gaussian(x, 0.5), 3, np.arange(9, dtype=np.uint64), x[:0], np.ones(9))
        best = max(k[:, list(c)].max(axis=1).sum() for c in itertools.combinations(range(9), 3))
        assert k[:, got.rows].max(axis=1).sum() == pytest.approx(got.gains.sum())
        assert got.gains.sum() >= (1 - 1 / np.e) * best
        assert (np.diff(got.gains) <= 1e-9).all(), "gains fall"


@pytest.mark.parametrize("kind", KINDS)
def test_first_gains_and_live_pairs(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (similarity, live_pairs):
        monkeypatch.setattr(place, "SQUARE", 32)
    rng = np.random.default_rng(2)
    x, w = rng.normal(size=(100, 3)), rng.random(100)
    w[:7] = 0.0
    k = matrix(kind, x, x)
    for cover in (np.full(100, make(kind, x).base), matrix(kind, x, x[:5]).max(axis=1)):
        pairs = LivePairs(100, 10**6)
        gains = w @ np.maximum(k - cover[:, None], 0)
        assert first_gains(make(kind, x), cover, w) == pytest.approx(gains)
        got = gains_over(make(kind, x), [np.maximum(cover, 0.3), cover], w, pairs)
        if kind != "top_hat":  # which knows covered and not covered only
            assert got[0] == pytest.approx(w @ np.maximum(k - np.maximum(cover, 0.3)[:, None], 0))
        assert got[1] == pytest.approx(gains)
        wanted = ((k > cover[:, None] + 1e-12) & (w > 0)[:, None]).sum()
        assert abs(pairs.count - wanted) <= 100, "rounding may leave a row itself in"


def test_counts_of_helped_rows() -> None:
    x = np.array([[0.0], [0.5], [1.0], [9.0], [9.5]])
    got = run(top_hat(x, 0.8), 5, np.arange(5, dtype=np.uint64), x[:0], np.ones(5))
    assert got.rows.tolist() == [1, 3, 0, 2, 4]
    assert got.helped.tolist() == [3, 2, 0, 0, 0]
    assert got.gains.tolist() == [3.0, 2.0, 0.0, 0.0, 0.0]


def test_a_wrong_sample_falls_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample says few pairs are live, and they are too many: the picks are the same."""
    rng = np.random.default_rng(3)
    x, keys = rng.normal(size=(200, 2)), rng.permutation(200).astype(np.uint64)
    right = run(gaussian(x, 0.5), 30, keys, x[:0], np.ones(200))
    real = module._Greedy._sparse
    monkeypatch.setattr(module._Greedy, "_sparse", lambda self: self.trust)
    got = run(gaussian(x, 0.5), 30, keys, x[:0], np.ones(200), 500)
    assert got.rows.tolist() == right.rows.tolist()
    assert real is not module._Greedy._sparse


def test_little_memory() -> None:
    x = np.random.default_rng(0).normal(size=(12_000, 16)).astype(np.float32)
    sim = gaussian(x, 0.05)
    keys = np.arange(12_000, dtype=np.uint64)
    tracemalloc.start()
    got = run(sim, 30, keys, x[:2000], np.ones(12_000), 2_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(set(got.rows.tolist())) == 30
    assert peak < 100 << 20 < 12_000**2 * 4


@pytest.mark.parametrize("kind", ["gaussian", "top_hat"])
@pytest.mark.parametrize("right", [True, False])
def test_a_guess_of_the_first_pick_right_or_wrong(kind: str, right: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similarity, "SQUARE", 64)
    monkeypatch.setattr(live_pairs, "SQUARE", 64)
    rng = np.random.default_rng(5)
    x, keys = rng.normal(size=(300, 2)), rng.permutation(300).astype(np.uint64)
    wanted = run(make(kind, x, 0.6), 40, keys, x[:0], np.ones(300), 0)
    monkeypatch.setattr(module, "_AHEAD", 0)
    monkeypatch.setattr(module, "_SPARSE", 0.9 if kind == "gaussian" else 0.01)
    guesses: list[bool] = []
    real = module._Greedy._look_ahead

    def look(self: module._Greedy) -> None:
        if not right:
            monkeypatch.setattr(module, "_SAMPLE", 1)
            self.sample = np.argsort(-np.abs(x).max(axis=1))  # those far out look best to each other
            monkeypatch.setattr(module, "_GUESSED_BY", 1)
        real(self)
        assert self.ahead is not None
        guesses.append(self.ahead[0] == wanted.rows[0])

    monkeypatch.setattr(module._Greedy, "_look_ahead", look)
    got = run(make(kind, x, 0.6), 40, keys, x[:0], np.ones(300))
    assert guesses == [right]
    assert got.rows.tolist() == wanted.rows.tolist()
