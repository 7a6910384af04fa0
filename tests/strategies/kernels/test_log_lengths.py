"""Lengths of -log p by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from querist.strategies.kernels.log_lengths import log_lengths


def test_by_hand() -> None:
    one, two = log_lengths(np.array([[0.5, 0.5], [0.25, 0.75], [1.0, 0.0]]))
    a, b, floor = -math.log(0.25), -math.log(0.75), -math.log(1e-12)
    assert one == pytest.approx([2 * math.log(2), a + b, floor])
    assert two == pytest.approx([math.log(2) * math.sqrt(2), math.hypot(a, b), floor])


def test_the_flat_prediction_has_the_shortest() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(4), 500)
    one, two = log_lengths(np.concatenate([p, np.full((1, 4), 0.25)]))
    assert one.argmin() == two.argmin() == 500


def test_a_little_above_one_is_one() -> None:
    one, two = log_lengths(np.array([[1.0005]]))
    assert one.tolist() == two.tolist() == [0.0]
