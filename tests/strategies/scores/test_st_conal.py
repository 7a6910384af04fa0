"""ST-CoNAL by hand, in words."""

from __future__ import annotations

import math

import numpy as np
import pytest

import querist


def test_by_hand() -> None:
    """Students (1/2, 1/2) and (1/4, 3/4), teacher (3/8, 5/8); the other item's students agree."""
    history = np.array([[[0.9, 0.1], [0.9, 0.1]], [[0.5, 0.5], [0.25, 0.75]]])
    a, b = 3 / 8, 5 / 8
    expected = a * math.log(a) + b * math.log(b) - (a * math.log(0.125) + b * math.log(0.375)) / 2
    got = querist.select("st_conal", 2, history=history)
    assert got.indices.tolist() == [1, 0]
    assert got.scores == pytest.approx([expected, 0.0])
    assert got.reasons[0] == f"2 checkpoints stand {expected:.3g} nats from their mean"


def test_one_checkpoint_tells_nothing() -> None:
    assert not querist.score("st_conal", history=np.random.default_rng(0).dirichlet(np.ones(3), (9, 1))).any()
