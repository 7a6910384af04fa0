"""The lazy greedy picks what the naive greedy picks, in few passes; it is a 2-approximation."""

from __future__ import annotations

import itertools
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.strategies.kernels import k_center as module
from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.k_center import Unfinished, farthest_first


def naive(x: np.ndarray, n: int, centres: np.ndarray, keys: np.ndarray, first: int | None) -> list[int]:
    """One pass a pick, float64, differences written out; equal distances (to rounding) by key."""
    nearest = np.full(len(x), np.inf)
    for c in centres:
        nearest = np.minimum(nearest, ((x - c) ** 2).sum(1))
    picked: list[int] = []
    while len(picked) < n:
        if first is not None and not picked:
            best = first
        else:
            free = np.setdiff1d(np.arange(len(x)), picked)
            high = nearest[free].max()
            equal = free[nearest[free] >= high - 1e-9 * max(1.0, nearest[np.isfinite(nearest)].max(initial=1.0))]
            best = int(equal[keys[equal].argmin()])
        picked.append(best)
        nearest = np.minimum(nearest, ((x - x[best]) ** 2).sum(1))
    return picked


def lazy(x: np.ndarray, n: int, centres: np.ndarray, keys: np.ndarray, first: int | None) -> list[int]:
    geometry = Euclidean(x)
    nearest = np.full(len(x), np.inf, dtype=geometry.dtype)
    if len(centres):
        geometry.lower(nearest, geometry.shifted(centres))
    rows = farthest_first(geometry, n, nearest, keys, first)[0]
    return [int(r) for r in rows]


@pytest.mark.parametrize(("n", "d", "picks", "labelled"), [(3_000, 6, 700, 5), (400, 2, 400, 0), (1_000, 16, 60, 100)])
def test_same_picks_over_several_passes(n: int, d: int, picks: int, labelled: int) -> None:
    rng = np.random.default_rng(n)
    x, centres, keys = rng.normal(size=(n, d)), rng.normal(size=(labelled, d)), rng.permutation(n).astype(np.uint64)
    first = None if labelled else 3
    assert lazy(x, picks, centres, keys, first) == naive(x, picks, centres, keys, first)


@pytest.mark.parametrize(
    ("n", "picks", "labelled"), [(3_000, 500, 300), (900, 900, 257), (2_000, 40, 1_000), (5, 5, 400)]
)
@pytest.mark.parametrize("kind", ["plain", "ties"])
def test_same_picks_where_most_distances_are_never_finished(n: int, picks: int, labelled: int, kind: str) -> None:
    rng = np.random.default_rng(n)
    x, centres, keys = rng.normal(size=(n, 5)), rng.normal(size=(labelled, 5)), rng.permutation(n).astype(np.uint64)
    if kind == "ties":
        x, centres = np.round(2 * x), np.round(2 * centres)
    geometry = Euclidean(x)
    nearest = np.full(n, np.inf, dtype=geometry.dtype)
    unfinished = Unfinished(geometry, nearest, geometry.shifted(centres))
    rows = farthest_first(geometry, picks, nearest, keys, unfinished=unfinished)[0]
    assert [int(r) for r in rows] == naive(x, picks, centres, keys, None)
    if n == 2_000:
        assert (unfinished.seen < labelled).mean() > 0.1


def test_few_centres_and_rows_of_a_file_are_seen_at_once(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, centres = rng.normal(size=(400, 4)), rng.normal(size=(300, 4))
    np.save(tmp_path / "x.npy", x)
    for points, some in ((x, centres[:255]), (np.load(tmp_path / "x.npy", mmap_mode="r"), centres)):
        geometry = Euclidean(points)
        nearest, whole = np.full(400, np.inf), np.full(400, np.inf)
        unfinished = Unfinished(geometry, nearest, geometry.shifted(some))
        unfinished.finish(10, 0.0)
        geometry.lower(whole, geometry.shifted(some))
        assert np.array_equal(nearest, whole)
        assert (unfinished.seen == len(some)).all()


@given(st.integers(0, 10**6), st.integers(2, 40), st.sampled_from(["ties", "duplicates", "constant", "huge", "tiny"]))
@settings(max_examples=60, deadline=None)
def test_same_picks_on_hard_inputs(seed: int, n: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 3, size=(n, 2)).astype(float)
    if kind == "duplicates":
        x = x[rng.integers(0, n, n)]
    elif kind == "constant":
        x = np.ones((n, 2))
    elif kind == "huge":
        x = x * 1e12
    elif kind == "tiny":
        x = x * 1e-12
    keys = rng.permutation(n).astype(np.uint64)
    got = lazy(x, n, x[:0], keys, 0)
    assert sorted(got) == list(range(n)), "every row once"
    if kind in ("ties", "duplicates"):
        assert got == naive(x, n, x[:0], keys, 0)


def test_a_two_approximation() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        x = rng.normal(size=(9, 2))
        d = np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1))
        picked = lazy(x, 3, x[:0], np.arange(9, dtype=np.uint64), 0)
        best = min(d[:, list(c)].min(1).max() for c in itertools.combinations(range(9), 3))
        assert d[:, picked].min(1).max() <= 2 * best + 1e-12


def test_few_passes_and_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).normal(size=(20_000, 64)).astype(np.float32)
    passes: list[int] = []
    real = Euclidean.lower

    def counted(self: Euclidean, near: np.ndarray, centres: np.ndarray) -> None:
        passes.append(len(centres))
        real(self, near, centres)

    monkeypatch.setattr(Euclidean, "lower", counted)
    keys = np.arange(20_000, dtype=np.uint64)
    tracemalloc.start()
    picked = lazy(x, 100, x[:100], keys, None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(set(picked)) == 100
    assert len(passes) < 10
    assert peak < 20 * 20_000 + (32 << 20)
    assert module._CANDIDATES == 256


def test_one_outlier_does_not_blur_the_rest() -> None:
    """The grid of equal distances must not grow with a single point far away."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(9_000, 32)).astype(np.float32)
    x[17] = 300.0
    keys = rng.permutation(len(x)).astype(np.uint64)
    geometry = Euclidean(x)
    assert geometry.dtype == np.float32
    nearest = np.full(len(x), np.inf, dtype=np.float32)
    rows, heights = farthest_first(geometry, 30, nearest, keys, 17)
    truth = np.full(len(x), np.inf)
    for row, height in zip(rows.tolist(), heights.tolist(), strict=True):
        if np.isfinite(truth).all():
            assert truth[row] >= truth.max() - 2e-6 * 32 * 300.0**2
            assert height == pytest.approx(truth[row], rel=1e-2)
        truth = np.minimum(truth, ((x.astype(float) - x[row].astype(float)) ** 2).sum(1))
    assert (nearest[rows] == 0).all(), "what was picked is at distance 0 from what was picked"


def test_without_centres_or_a_first_pick_the_key_decides_the_start() -> None:
    x = np.random.default_rng(0).normal(size=(400, 3))
    keys = np.random.default_rng(1).permutation(400).astype(np.uint64)
    start = int(keys.argmin())
    assert lazy(x, 30, x[:0], keys, None) == naive(x, 30, x[:0], keys, start)
