"""Balanced entropy against numerical integration."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from scipy import integrate
from scipy.stats import beta

from probability_rows import rows
from querist.strategies.kernels.beta_entropy import balanced_entropy


def slow(item: NDArray[np.float64]) -> float:
    mean, spread = item.mean(axis=0), item.var(axis=0)
    entropy = -sum(m * math.log(m) for m in mean)
    total = entropy
    for m, v in zip(mean, spread, strict=True):
        mass = m * (1 - m) / v - 1
        law = beta(m * mass + 1, (1 - m) * mass)
        found, _ = integrate.quad(lambda x, law=law: -law.pdf(x) * law.logpdf(x), 0, 1, limit=200)
        total += m * found
    return float(total / (entropy + math.log(2)))


def test_against_integration() -> None:
    m = np.random.default_rng(0).dirichlet(np.full(3, 6.0), (8, 12))
    np.testing.assert_allclose(balanced_entropy(m), [slow(item) for item in m], atol=1e-6)


def test_hand_computed() -> None:
    """Two classes, mean 1/2, variance 1/20: a = b = 2, so Beta(3, 2) once a class has been seen."""
    apart = math.sqrt(1 / 20)
    m = np.array([[[0.5 + apart, 0.5 - apart], [0.5 - apart, 0.5 + apart]]])
    h = float(beta(3, 2).entropy())
    assert balanced_entropy(m)[0] == pytest.approx((h + math.log(2)) / (2 * math.log(2)))


@settings(max_examples=25, deadline=None)
@given(rows(members=True, most=8))
def test_always_finite_and_at_most_one(m: NDArray[np.float64]) -> None:
    got = balanced_entropy(m)
    assert np.isfinite(got).all()
    assert (got <= 1).all()
