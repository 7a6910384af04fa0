"""TOD by hand, and what happens in the first round."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import querist


def test_by_hand() -> None:
    history = np.array([[[1.0, 0.0], [0.5, 0.5], [0.5, 0.5]], [[0.5, 0.5], [0.6, 0.4], [0.2, 0.8]]])
    got = querist.select("tod", 2, history=history)
    assert got.indices.tolist() == [1, 0]
    assert got.scores == pytest.approx([0.4 * np.sqrt(2), 0.0])
    assert got.reasons[0] == "its output moved by 0.566 since the round before"


def test_numbers_for_regression() -> None:
    assert querist.score("tod", history=np.array([[1.0, 4.0], [2.0, -3.0]])) == pytest.approx([3, 5])


def test_in_the_first_round_the_seed_draws() -> None:
    history = np.random.default_rng(0).dirichlet(np.ones(3), (10, 1))
    got = querist.select("tod", 10, history=history)
    assert got.scores.tolist() == [0.0] * 10
    assert "no output of an earlier round" in got.reasons[0]
    first = Counter(int(querist.select("tod", 1, history=history, seed=s).indices[0]) for s in range(400))
    assert len(first) == 10
    assert max(first.values()) < 80
