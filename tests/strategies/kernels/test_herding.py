"""Herding beside its formula written out over full matrices."""

from __future__ import annotations

import numpy as np
import pytest

from querist.strategies.kernels.herding import diverse_and_dense, herd
from querist.strategies.kernels.similarity import gaussian

RNG = np.random.default_rng(0)
X, KNOWN, W, KEYS = RNG.normal(size=(80, 3)), RNG.normal(size=(7, 3)), RNG.random(80), np.arange(80, dtype=np.uint64)


@pytest.mark.parametrize("labelled", [0, 7])
def test_herd(labelled: int) -> None:
    known = KNOWN[:labelled]
    rows, values = herd(gaussian(X, 0.5), 20, known, W, KEYS)
    k = np.exp(-0.5 * ((X[:, None] - X[None]) ** 2).sum(-1))
    to_known = np.exp(-0.5 * ((X[:, None] - known[None]) ** 2).sum(-1)).sum(axis=1)
    picked: list[int] = []
    for row, value in zip(rows, values, strict=True):
        now = W @ k / W.sum() - (to_known + k[:, picked].sum(axis=1)) / (labelled + len(picked) + 1)
        now[picked] = -np.inf
        assert row == now.argmax()
        assert value == pytest.approx(now.max())
        picked.append(int(row))


def test_herding_beats_chance_on_the_discrepancy() -> None:
    k = np.exp(-0.5 * ((X[:, None] - X[None]) ** 2).sum(-1))

    def discrepancy(rows: np.ndarray) -> float:
        return float(k.mean() - 2 * k[:, rows].mean() + k[np.ix_(rows, rows)].mean())

    rows, _ = herd(gaussian(X, 0.5), 10, X[:0], np.ones(80), KEYS)
    chance = [discrepancy(np.random.default_rng(s).choice(80, 10, replace=False)) for s in range(50)]
    assert discrepancy(rows) < min(chance)


@pytest.mark.parametrize("labelled", [0, 7])
@pytest.mark.parametrize("weight", [0.0, 0.67, 1.0])
def test_diverse_and_dense(labelled: int, weight: float) -> None:
    known = KNOWN[:labelled]
    rows, values = diverse_and_dense(X, 80, known, weight, KEYS)
    u, v = X / np.linalg.norm(X, axis=1, keepdims=True), known / np.linalg.norm(known, axis=1, keepdims=True)
    assert sorted(rows.tolist()) == list(range(80))
    picked: list[int] = []
    for row, value in list(zip(rows, values, strict=True))[:20]:
        rest = np.setdiff1d(np.arange(80), picked)
        chosen = np.concatenate([v, u[picked]])
        now = weight * (u @ u[rest].T).mean(axis=1)
        now -= (1 - weight) * ((u @ chosen.T).mean(axis=1) if len(chosen) else 0.0)
        assert value == pytest.approx(now[rest].max())
        assert now[row] == pytest.approx(now[rest].max())
        picked.append(int(row))
