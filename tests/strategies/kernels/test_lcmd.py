"""The picks are those of the rule written out, whatever was guessed ahead."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.strategies.kernels import lcmd as module
from querist.strategies.kernels.geometry import Euclidean, Geometry, Outer
from querist.strategies.kernels.lcmd import largest_cluster_farthest


def naive(x: np.ndarray, n: int, centres: np.ndarray, keys: np.ndarray, first: int | None) -> list[int]:
    """float64, differences written out, everything anew at each pick; equal (to rounding) by age and by key."""
    all_centres = list(centres)
    picked: list[int] = []
    size = float((x**2).sum(1).max(initial=0.0)) + 1e-300
    while len(picked) < n:
        if first is not None and not picked:
            best = first
        else:
            d = np.array([((x - c) ** 2).sum(1) for c in all_centres])
            nearest = d.min(0)
            label = (d <= nearest + 1e-10 * size).argmax(0)
            nearest[picked] = 0.0
            sums = np.bincount(label, nearest, minlength=len(all_centres))
            if sums.max() <= 1e-10 * size:
                rest = np.setdiff1d(np.arange(len(x)), picked)
                return [*picked, *(int(r) for r in rest[np.argsort(keys[rest])][: n - len(picked)])]
            cluster = int(np.flatnonzero(sums >= sums.max() * (1 - 1e-9)).min())
            mine = np.setdiff1d(np.flatnonzero(label == cluster), picked)
            far = mine[nearest[mine] >= nearest[mine].max() - 1e-9 * size]
            best = int(far[keys[far].argmin()])
        picked.append(best)
        all_centres.append(x[best])
    return picked


def fast(geometry: Geometry, n: int, centres: object, keys: np.ndarray, first: int | None) -> list[int]:
    return [int(r) for r in largest_cluster_farthest(geometry, n, centres, keys, first)[0]]


@pytest.mark.parametrize("ahead", [1, 3, 24])
@pytest.mark.parametrize(("n", "d", "picks", "labelled"), [(600, 5, 120, 8), (300, 2, 299, 0), (700, 20, 40, 90)])
def test_same_picks(monkeypatch: pytest.MonkeyPatch, ahead: int, n: int, d: int, picks: int, labelled: int) -> None:
    monkeypatch.setattr(module, "_AHEAD", ahead)
    rng = np.random.default_rng(n)
    x, centres, keys = rng.normal(size=(n, d)), rng.normal(size=(labelled, d)), rng.permutation(n).astype(np.uint64)
    first = None if labelled else 3
    geometry = Euclidean(x)
    got = fast(geometry, picks, geometry.shifted(centres), keys, first)
    assert got == naive(x, picks, centres, keys, first)


@given(st.integers(0, 10**6), st.integers(2, 30), st.sampled_from(["ties", "duplicates", "constant", "huge", "tiny"]))
@settings(max_examples=40, deadline=None)
def test_hard_inputs(seed: int, n: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 3, size=(n, 2)).astype(float)
    if kind == "duplicates":
        x = x[rng.integers(0, n, n)]
    elif kind == "constant":
        x = np.ones((n, 2))
    elif kind == "huge":
        x = rng.normal(size=(n, 2)) * 1e12
    elif kind == "tiny":
        x = rng.normal(size=(n, 2)) * 1e-12
    keys = rng.permutation(n).astype(np.uint64)
    geometry = Euclidean(x)
    got = fast(geometry, n, geometry.shifted(x[:0]), keys, 0)
    assert sorted(got) == list(range(n)), "every row once"
    assert got == naive(x, n, x[:0], keys, 0)


def test_products_of_gradients() -> None:
    rng = np.random.default_rng(4)
    a, h, keys = rng.normal(size=(150, 3)), rng.normal(size=(150, 4)), rng.permutation(150).astype(np.uint64)
    whole = np.einsum("nc,nd->ncd", a, h).reshape(150, -1)
    assert fast(Outer(a[5:], h[5:]), 60, (a[:5], h[:5]), keys[5:], None) == naive(
        whole[5:], 60, whole[:5], keys[5:], None
    )


def test_single_precision_picks_as_double_in_few_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(20, 16))[rng.integers(0, 20, 20_000)] * 3 + rng.normal(size=(20_000, 16))).astype(np.float32)
    keys = np.arange(20_000, dtype=np.uint64)
    passes: list[int] = []
    real = Euclidean.distances

    def counted(self: Euclidean, centres: np.ndarray) -> np.ndarray:
        passes.append(len(centres))
        return real(self, centres)

    monkeypatch.setattr(Euclidean, "distances", counted)
    single, double = Euclidean(x), Euclidean(x.astype(np.float64))
    assert single.dtype == np.float32
    got = fast(single, 60, single.shifted(x[:100]), keys, None)
    assert len(passes) <= 30
    assert max(passes) <= module._AHEAD
    assert got == fast(double, 60, double.shifted(x[:100]), keys, None)


def test_heights_and_sums_by_hand() -> None:
    x = np.array([[0.0], [1.0], [2.0], [10.0], [13.0]])
    geometry = Euclidean(x)
    keys = np.arange(5, dtype=np.uint64)
    # Centres 0 and 10: sums 1 + 4 = 5 and 9; the second cluster gives 13, then the first gives 2, then 1 (1 from 0 and 2).
    rows, heights, sums = largest_cluster_farthest(geometry, 4, geometry.shifted([[0.0], [10.0]]), keys)
    assert rows.tolist() == [4, 2, 1, 0]
    assert np.allclose(heights, [9, 4, 1, 0])
    assert np.allclose(sums, [9, 5, 1, 0])
