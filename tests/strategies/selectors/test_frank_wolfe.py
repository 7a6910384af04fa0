"""`frank_wolfe` by name: what it reads, what it says."""

from __future__ import annotations

import numpy as np
import pytest

import querist


def test_two_directions() -> None:
    x = np.array([[2.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    chosen = querist.select("frank_wolfe", 3, embedding=x)
    assert chosen.indices.tolist() == [0, 1, 2]
    assert chosen.scores[:2] == pytest.approx(np.array([2.0, 1.0]) / np.sqrt(5))
    assert chosen.reasons[0] == "with it 44.7% of the pool's sum is missing"


def test_ratings_play_no_part() -> None:
    rng = np.random.default_rng(0)
    x, p = rng.normal(size=(40, 3)), rng.dirichlet(np.ones(3), 40)
    a = querist.select("entropy >> frank_wolfe", 9, embedding=x, probs=p)
    assert a.indices.tolist() == querist.select("frank_wolfe", 9, embedding=x).indices.tolist()
