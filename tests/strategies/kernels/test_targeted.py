"""Targeted greedy beside the objective written out."""

from __future__ import annotations

import numpy as np
import pytest

from querist.strategies.kernels import targeted as module
from querist.strategies.kernels.similarity import cosine, gaussian
from querist.strategies.kernels.targeted import target_greedily


def objective(k: np.ndarray, known: np.ndarray, rows: list[int], eta: float, base: float) -> float:
    """k (N, Q), known (M, Q)."""
    both = np.concatenate([known, k[rows]])
    covered = both.max(axis=0, initial=base) - base
    return float(covered.sum() + eta * k[rows].max(axis=1).sum())


@pytest.mark.parametrize("kind", ["cosine", "gaussian"])
@pytest.mark.parametrize("eta", [0.0, 1.0])
@pytest.mark.parametrize("labelled", [0, 4])
def test_each_pick_adds_the_most(kind: str, eta: float, labelled: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 3)
    rng = np.random.default_rng(labelled)
    x, target, known = rng.normal(size=(60, 3)), rng.normal(size=(9, 3)), rng.normal(size=(labelled, 3))

    def kernel(a: np.ndarray) -> np.ndarray:
        if kind == "gaussian":
            return np.asarray(np.exp(-0.5 * ((a[:, None] - target[None]) ** 2).sum(-1)))
        length = np.linalg.norm(a, axis=1)[:, None] * np.linalg.norm(target, axis=1)
        return np.asarray(a @ target.T / length)

    sim = cosine(x) if kind == "cosine" else gaussian(x, 0.5)
    rows, gains, nearest = target_greedily(sim, target, 12, eta, known, np.arange(60, dtype=np.uint64))
    k, old = kernel(x), kernel(known)
    assert nearest.tolist() == k[rows].argmax(axis=1).tolist()
    for t in range(12):
        before = rows[:t].tolist()
        left = [r for r in range(60) if r not in before]
        start = objective(k, old, before, eta, sim.base)
        gain = np.array([objective(k, old, [*before, r], eta, sim.base) for r in left]) - start
        assert gains[t] == pytest.approx(gain.max(), abs=1e-9)
        assert gain[left.index(int(rows[t]))] == pytest.approx(gain.max(), abs=1e-9)


def test_every_row_once_among_copies() -> None:
    x = np.ones((7, 2))
    rows, gains, _ = target_greedily(cosine(x), x[:2], 7, 1.0, x[:0], np.arange(7, dtype=np.uint64))
    assert rows.tolist() == list(range(7))
    assert gains == pytest.approx([5.0] + [1.0] * 6)
