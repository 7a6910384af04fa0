"""`uherding` is coverage weighted by the margin."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError


def test_it_is_the_expression() -> None:
    rng = np.random.default_rng(0)
    x, p = rng.normal(size=(60, 3)), rng.dirichlet(np.ones(4), 60)
    a = querist.select("uherding", 9, embedding=x, probs=p)
    b = querist.select("margin >> max_herding", 9, embedding=x, probs=p)
    assert a.indices.tolist() == b.indices.tolist()
    assert querist.select("uherding(sigma=0.1)", 9, embedding=x, probs=p).indices.tolist() != a.indices.tolist()


def test_a_small_sigma_is_the_margin_and_a_large_one_coverage() -> None:
    rng = np.random.default_rng(1)
    x, p = rng.normal(size=(40, 2)), rng.dirichlet(np.ones(3), 40)
    small = querist.select("uherding(sigma=0.001)", 5, embedding=x, probs=p)
    assert small.indices.tolist() == querist.select("margin", 5, embedding=x, probs=p).indices.tolist()


def test_weights_by_hand() -> None:
    x, p = np.array([[0.0], [1.0], [50.0]]), np.array([[0.8, 0.2], [0.8, 0.2], [0.6, 0.4]])
    chosen = querist.select("uherding(sigma=1.0)", 2, embedding=x, probs=p)
    assert chosen.indices[0] == 2
    assert chosen.scores == pytest.approx([0.8, 0.4 * (1 + np.exp(-0.5))], rel=1e-5)


def test_bad_parameters() -> None:
    with pytest.raises(ArgumentError, match="sigma must be a number > 0"):
        querist.parse("uherding(sigma=0)")
