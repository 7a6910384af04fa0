"""D^2 sampling has exactly the distribution of k-means++, through one pass or many."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from querist.core.optional import torch
from querist.strategies.kernels import d2_sampling as module
from querist.strategies.kernels import geometry as geometry_module
from querist.strategies.kernels.d2_sampling import d2_sample
from querist.strategies.kernels.geometry import Euclidean, Outer
from querist.strategies.kernels.products import OneDnn

X = np.array([[0.0], [1.0], [3.0], [3.5], [7.0]])
D2 = (X - X.T) ** 2


def draw(n: int, seed: int, weights: np.ndarray | None = None, centres: np.ndarray | None = None) -> tuple[int, ...]:
    geometry = Euclidean(X)
    nearest = np.full(5, np.inf)
    if centres is not None:
        geometry.lower(nearest, geometry.shifted(centres))
    return tuple(d2_sample(geometry, n, nearest, np.random.default_rng(seed), weights)[0].tolist())


def exact(weights: np.ndarray, nearest: np.ndarray | None, n: int) -> dict[tuple[int, ...], float]:
    """Probability of every ordered pick of n rows."""
    out: dict[tuple[int, ...], float] = {}

    def go(picked: tuple[int, ...], near: np.ndarray | None, p: float) -> None:
        if len(picked) == n:
            out[picked] = out.get(picked, 0.0) + p
            return
        mass = weights * (1.0 if near is None else near)
        mass = np.where(np.isin(np.arange(5), picked), 0.0, mass)
        for row in range(5):
            if mass[row] > 0:
                low = D2[row] if near is None else np.minimum(near, D2[row])
                go((*picked, row), low, p * mass[row] / mass.sum())

    go((), nearest, 1.0)
    return out


@pytest.mark.parametrize("proposals", [256, 4])
@pytest.mark.parametrize("weights", [None, np.array([1.0, 5.0, 0.0, 2.0, 0.5])])
@pytest.mark.parametrize("centres", [None, np.array([[2.0]])])
def test_exact_distribution(
    monkeypatch: pytest.MonkeyPatch, proposals: int, weights: np.ndarray | None, centres: np.ndarray | None
) -> None:
    monkeypatch.setattr(module, "_PROPOSALS", proposals)
    nearest = None if centres is None else ((X - centres.T) ** 2).min(1)
    truth = exact(np.ones(5) if weights is None else weights, nearest, 3)
    count = 3_000
    seen: dict[tuple[int, ...], int] = {}
    for seed in range(count):
        pick = draw(3, seed, weights, centres)
        seen[pick] = seen.get(pick, 0) + 1
    compare(seen, truth, count)


def compare(seen: dict[tuple[int, ...], int], truth: dict[tuple[int, ...], float], count: int) -> None:
    """Every ordered pick as often as its probability says; rare ones are counted together."""
    assert set(seen) <= set(truth)
    common = [k for k, p in truth.items() if p * count >= 5]
    observed = [seen.get(k, 0) for k in common]
    expected = [truth[k] * count for k in common]
    rest = count - sum(observed), count - sum(expected)
    if rest[1] >= 5:
        observed.append(rest[0])
        expected.append(rest[1])
    scale = sum(observed) / sum(expected)
    assert stats.chisquare(observed, [e * scale for e in expected]).pvalue > 1e-4


def test_nothing_to_be_far_from_is_uniform() -> None:
    x = np.ones((6, 2))
    geometry = Euclidean(x)
    counts = np.zeros(6)
    for seed in range(1_200):
        rows, _ = d2_sample(geometry, 3, np.zeros(6), np.random.default_rng(seed))
        assert len(set(rows.tolist())) == 3
        counts[rows] += 1
    assert stats.chisquare(counts).pvalue > 1e-4


def test_every_row_once_also_with_duplicates() -> None:
    x = np.repeat(np.arange(4.0), 5)[:, None]
    rows, _ = d2_sample(Euclidean(x), 20, np.full(20, np.inf), np.random.default_rng(0))
    assert sorted(rows.tolist()) == list(range(20))
    assert len({float(x[r, 0]) for r in rows[:4]}) == 4, "copies come last"


@pytest.mark.parametrize("proposals", [256, 3])
def test_exact_distribution_in_single_precision_on_the_fast_products(
    monkeypatch: pytest.MonkeyPatch, proposals: int
) -> None:
    monkeypatch.setattr(module, "_PROPOSALS", proposals)
    monkeypatch.setattr(module, "_MOST", proposals)
    monkeypatch.setattr(geometry_module, "_SMALL", 0)
    monkeypatch.setattr(geometry_module, "fast", lambda *_: OneDnn(torch()))
    x, count = X.astype(np.float32), 3_000
    seen: dict[tuple[int, ...], int] = {}
    for seed in range(count):
        geometry = Euclidean(x)
        assert geometry.dtype == np.float32
        rows, _ = d2_sample(geometry, 3, np.full(5, np.inf, dtype=np.float32), np.random.default_rng(seed))
        pick = tuple(rows.tolist())
        seen[pick] = seen.get(pick, 0) + 1
    compare(seen, exact(np.ones(5), None, 3), count)


def test_products_of_gradients_have_the_exact_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PROPOSALS", 3)
    monkeypatch.setattr(module, "_MOST", 3)
    rng = np.random.default_rng(5)
    a, h = rng.normal(size=(5, 2)), rng.normal(size=(5, 3))
    whole = np.einsum("nc,nd->ncd", a, h).reshape(5, -1)
    d2 = ((whole[:, None] - whole[None]) ** 2).sum(-1)
    monkeypatch.setitem(globals(), "D2", d2)
    first, count = 2, 4_000
    seen: dict[tuple[int, ...], int] = {}
    for seed in range(count):
        rows, _ = d2_sample(Outer(a, h), 4, np.full(5, np.inf), np.random.default_rng(seed), first=first)
        pick = tuple(rows.tolist())
        assert pick[0] == first
        seen[pick[1:]] = seen.get(pick[1:], 0) + 1
    others = {k: p for k, p in exact(np.ones(5), d2[first], 3).items() if first not in k}
    compare(seen, others, count)
