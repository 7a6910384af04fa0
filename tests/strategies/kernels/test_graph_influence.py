"""Lazy greedy against the objective written out and maximised naively."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from querist.strategies.kernels import graph_influence as module
from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.graph_influence import BallCoverage, NearestCoverage, lazy_greedy, longest
from querist.strategies.kernels.graphs import reach, undirected


def problem(seed: int, size: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    a = (rng.random((size, size)) < 2.0 / size).astype(float)
    a = np.maximum(a, a.T)
    x = {"random": rng.normal(size=(size, 2)), "ties": rng.integers(0, 2, (size, 2)), "constant": np.ones((size, 2))}
    return a, x[kind].astype(float)


def naive(value: Callable[[list[int]], float], size: int, n: int) -> tuple[list[int], list[float]]:
    """Every node tried before every pick; the lowest of those that are equal to nine digits."""
    picked: list[int] = []
    gains: list[float] = []
    for _ in range(n):
        now = value(picked)
        tried = [round(value([*picked, u]) - now, 9) if u not in picked else -1.0 for u in range(size)]
        picked.append(int(np.argmax(tried)))
        gains.append(max(tried))
    return picked, gains


@given(st.integers(0, 10**6), st.integers(1, 16), st.sampled_from(["random", "ties", "constant"]), st.booleans())
@settings(max_examples=25, deadline=None)
def test_nearest_coverage(seed: int, size: int, kind: str, known: bool) -> None:
    a, x = problem(seed, size, kind)
    near = reach(undirected(csr_array(a)), 2)
    d = np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1))
    unit = d.max() or 1.0
    before = np.minimum(d[0] / unit, 1.0) if known else np.ones(size)

    def value(chosen: list[int]) -> float:
        reached = near.toarray()[chosen].any(axis=0).sum() if chosen else 0
        distance = np.minimum(before, (d / unit)[chosen].min(axis=0, initial=1.0))
        return float(reached / size + 0.7 * (1 - distance).sum() / size)

    geometry = Euclidean(x)
    assert longest(geometry) == pytest.approx(unit)
    rows, gains = lazy_greedy(NearestCoverage(near, geometry, 0.7, before, unit), size)
    want, heights = naive(value, size, size)
    assert rows.tolist() == want
    assert gains == pytest.approx(heights, abs=1e-8)


@given(st.integers(0, 10**6), st.integers(1, 16), st.sampled_from(["random", "ties", "constant"]))
@settings(max_examples=25, deadline=None)
def test_ball_coverage(seed: int, size: int, kind: str) -> None:
    a, x = problem(seed, size, kind)
    near = reach(undirected(csr_array(a)), 1)
    inside = np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1)) <= 0.5
    covered = np.random.default_rng(seed).random(size) < 0.2

    def value(chosen: list[int]) -> float:
        reached = near.toarray()[chosen].any(axis=0)
        return float((inside[reached].any(axis=0) | covered).sum() / size)

    balls = BallCoverage.make_balls(Euclidean(x), 0.5)
    assert (balls.toarray() == inside).all()
    rows, gains = lazy_greedy(BallCoverage(near, balls, covered), size)
    want, heights = naive(value, size, size)
    assert rows.tolist() == want
    assert gains == pytest.approx(heights, abs=1e-8)


def test_few_nodes_are_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    a, x = problem(0, 2_000, "random")
    geometry = Euclidean(x)
    coverage = NearestCoverage(reach(undirected(csr_array(a)), 2), geometry, 1.0, np.ones(2_000), longest(geometry))
    looked: list[int] = []
    real = NearestCoverage.gains

    def counted(self: NearestCoverage, rows: np.ndarray) -> np.ndarray:
        looked.append(len(rows))
        return real(self, rows)

    monkeypatch.setattr(NearestCoverage, "gains", counted)
    lazy_greedy(coverage, 20)
    assert sum(looked) < 2_000 + 20 * 400, "a pass over all nodes at first, then few a pick"


def test_too_many_pairs_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_PAIRS", 8)
    assert BallCoverage.make_balls(Euclidean(np.ones((3, 1))), 0.1) is None
    assert BallCoverage.make_balls(Euclidean(np.arange(3.0)[:, None]), 0.1).toarray().tolist() == np.eye(3).tolist()


def test_longest_of_points_that_are_alike() -> None:
    assert longest(Euclidean(np.ones((4, 2)))) == 1.0
