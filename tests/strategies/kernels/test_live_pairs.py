"""Live pairs: what they say candidates lose is the difference of two sums."""

from __future__ import annotations

import numpy as np
import pytest

from querist.strategies.kernels import live_pairs as module
from querist.strategies.kernels.live_pairs import LivePairs


def filled(k: np.ndarray, cover: np.ndarray, most: int) -> LivePairs:
    pairs = LivePairs(len(k), most)
    block = pairs.block
    for start in range(0, len(k), block):
        rows, candidates = np.nonzero(k[start : start + block] > cover[start : start + block][:, None])
        pairs.add(start, rows, candidates, k[start + rows, candidates])
    return pairs


def test_losses_are_differences_of_gains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SQUARE", 8)
    rng = np.random.default_rng(0)
    k, cover, w = rng.random((30, 30)), rng.random(30) * 0.6, rng.random(30)
    pairs = filled(k, cover, 900)
    pairs.close()
    for _ in range(5):
        rows = np.sort(rng.choice(30, 7, replace=False))
        after = cover.copy()
        after[rows] += rng.random(7) * (1 - after[rows])

        def gains(level: np.ndarray) -> np.ndarray:
            return np.asarray(w @ np.maximum(k - level[:, None], 0))

        got = pairs.losses(rows, cover[rows], after[rows], w[rows])
        assert got == pytest.approx(gains(cover) - gains(after))
        cover = after


def test_too_many_are_let_go() -> None:
    k = np.ones((10, 10))
    assert filled(k, np.zeros(10), 99).full
    kept = filled(k, np.zeros(10), 100)
    assert not kept.full
    assert kept.count == 100
