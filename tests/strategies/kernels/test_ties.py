"""Values equal but for rounding are equal, and keys settle them."""

from __future__ import annotations

import numpy as np

from querist.strategies.kernels.ties import best, settled, snapped


def test_rounding_does_not_decide() -> None:
    keys = np.array([5, 1, 3], dtype=np.uint64)
    assert best(np.array([1.0, 1.0 - 1e-14, 0.5]), keys) == 1
    assert best(np.array([1.0, 1.0 - 1e-6, 0.5]), keys) == 0
    assert best(np.array([1.0, 1.0 - 1e-6, 0.5]), keys, width=1e-3) == 1


def test_zeros_and_negative_values() -> None:
    keys = np.array([5, 1, 3], dtype=np.uint64)
    assert best(np.zeros(3), keys) == 1
    assert best(np.array([-3.0, -2.0, -2.0 - 1e-13]), keys) == 1
    assert snapped(np.zeros(2)).tolist() == [0.0, 0.0]
    assert snapped(np.array([1.0, -1.0]), 0.1).tolist() == [10.0, -10.0]


def test_settled_values_keep_their_size_and_lose_their_noise() -> None:
    x = np.random.default_rng(0).normal(size=200)
    assert np.abs(settled(x) - x).max() <= 2.0**-38 * np.abs(x).max()
    noisy = x * (1 + 1e-16 * np.arange(200))
    assert (settled(noisy) == settled(x)).mean() > 0.97
    assert settled(np.array([1.0, 1.0 + 2e-16]))[0] == settled(np.array([1.0, 1.0 + 2e-16]))[1]
    assert settled(np.array([1e-14, 0.0]), scale=1.0).tolist() == [0.0, 0.0]
    assert settled(np.zeros(2)).tolist() == [0.0, 0.0]
