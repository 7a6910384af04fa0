"""Expected log-likelihoods written out."""

from __future__ import annotations

import numpy as np
import pytest

from querist.strategies.kernels.expected_likelihood import expected_log_likelihood


@pytest.mark.parametrize("entropy", [0.0, 1.0, 0.7])
def test_beside_the_loop(entropy: float) -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(3), (20, 5))
    got = expected_log_likelihood(p, entropy)
    for i in range(20):
        q = p[i].mean(axis=0)
        own = -sum(v * np.log(v) for v in q)
        for s in range(5):
            wanted = sum(q[c] * np.log(p[i, s, c]) for c in range(3)) + entropy * own
            assert got[i, s] == pytest.approx(wanted / np.sqrt(5))


def test_with_the_entropy_it_is_a_divergence() -> None:
    """sum q log p + H(q) = -KL(q || p): never above 0, and 0 for one member."""
    p = np.random.default_rng(1).dirichlet(np.ones(4), (30, 6))
    assert (expected_log_likelihood(p, 1.0) <= 1e-12).all()
    for dtype in (np.float32, np.float64):
        assert not expected_log_likelihood(np.repeat(p[:, :1], 3, axis=1).astype(dtype), 1.0).any(), "no rounding noise"


def test_zeros_stay_finite() -> None:
    sure = np.eye(2)[[[0, 1]]]
    assert expected_log_likelihood(sure, 0.0) == pytest.approx(0.5 * np.log(1e-12) / np.sqrt(2))
