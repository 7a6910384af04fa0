"""p2 / p1."""

from __future__ import annotations

import numpy as np

from querist.strategies.arrays import score, select

P = np.array([[0.8, 0.2, 0.0], [0.4, 0.35, 0.25], [0.5, 0.0, 0.5], [0.0, 0.0, 1.0]])


def test_hand_computed() -> None:
    np.testing.assert_allclose(score("ratio", probs=P), [0.25, 0.875, 1.0, 0.0], atol=1e-15)
    assert score("ratio", probs=np.ones((2, 1))).tolist() == [0.0, 0.0]


def test_reason() -> None:
    chosen = select("ratio", 2, probs=P)
    assert chosen.indices.tolist() == [2, 1]
    assert chosen.reasons[1] == "second class at 0.35 against 0.40 of the first"
