"""Mean cosine by its definition, row against row."""

from __future__ import annotations

import numpy as np

from querist.strategies.kernels.cosine import mean_cosine


def test_against_the_definition() -> None:
    x = np.random.default_rng(0).normal(size=(200, 6))
    x[3] = 0
    lengths = np.linalg.norm(x, axis=1)
    units = np.divide(x, lengths[:, None], out=np.zeros_like(x), where=lengths[:, None] > 0)
    assert np.allclose(mean_cosine(x), (units @ units.T).mean(1))
    assert mean_cosine(x)[3] == 0
    assert np.allclose(mean_cosine(x * 1e200), mean_cosine(x)), "no overflow"
    assert np.allclose(mean_cosine(np.array([[1.0, 0.0], [0.0, 1.0]])), [0.5, 0.5])
