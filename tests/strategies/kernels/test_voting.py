"""Votes and densities beside dictionaries and full matrices, as the papers' codes have them."""

from __future__ import annotations

import numpy as np
import pytest

from querist.strategies.kernels.voting import dense_picks, vote_picks


def votes_plain(near: np.ndarray, pool: int, n: int, rho: float) -> tuple[list[int], list[float]]:
    size = len(near)
    chosen = list(range(pool, size))
    voters = {row: [i for i in range(size) if row in near[i]] for row in range(size)}
    times = {i: sum(i in voters[c] for c in chosen) for i in range(size)}
    picked: list[int] = []
    sums: list[float] = []
    for _ in range(n):
        score = {
            row: sum(rho ** -times[i] for i in voters[row] if i not in chosen)
            for row in range(pool)
            if row not in chosen
        }
        best = max(score.values())
        row = min(r for r, v in score.items() if v >= best - 1e-9)
        picked.append(row)
        sums.append(best)
        chosen.append(row)
        for i in voters[row]:
            times[i] += 1
    return picked, sums


@pytest.mark.parametrize("known", [0, 5])
def test_votes(known: int) -> None:
    rng = np.random.default_rng(known)
    size = 40 + known
    near = np.array([rng.choice(np.delete(np.arange(size), i), 6, replace=False) for i in range(size)])
    rows, sums = vote_picks(near, 40, 40, 10.0, np.arange(40, dtype=np.uint64))
    wanted, values = votes_plain(near, 40, 40, 10.0)
    assert rows.tolist() == wanted
    assert sums == pytest.approx(values, abs=1e-9)


@pytest.mark.parametrize("known", [0, 5])
def test_densities(known: int) -> None:
    rng = np.random.default_rng(known)
    size = 30 + known
    near = np.array([rng.choice(np.delete(np.arange(size), i), 4, replace=False) for i in range(size)])
    full = np.zeros((size, size))
    both = rng.random((size, size))
    both = (both + both.T) / 2
    for i in range(size):
        full[i, near[i]] = full[near[i], i] = both[i, near[i]]
    weights = np.take_along_axis(both, near, axis=1)
    rows, values = dense_picks(near, weights, 30, 30, np.arange(30, dtype=np.uint64))
    density = full.sum(axis=1) / (full > 0).sum(axis=1)
    start = density.copy()
    for row in range(30, size):
        density[full[row] > 0] -= start[row]
    left = set(range(30))
    for row, value in zip(rows.tolist(), values, strict=True):
        best = max(left, key=lambda r: density[r])
        assert row == best
        assert value == pytest.approx(density[best])
        density[full[row] > 0] -= density[row]
        left.remove(row)


def test_one_row() -> None:
    none = np.empty((1, 0), dtype=np.int64)
    assert vote_picks(none, 1, 1, 10.0, np.zeros(1, dtype=np.uint64))[0].tolist() == [0]
    assert dense_picks(none, np.empty((1, 0)), 1, 1, np.zeros(1, dtype=np.uint64))[0].tolist() == [0]
