"""1 - max p."""

from __future__ import annotations

import numpy as np

from querist.strategies.arrays import score, select

P = np.array([[0.9, 0.1, 0.0], [0.4, 0.35, 0.25], [1 / 3, 1 / 3, 1 / 3], [0.0, 0.0, 1.0]])


def test_hand_computed() -> None:
    np.testing.assert_allclose(score("least_confidence", probs=P), [0.1, 0.6, 2 / 3, 0.0], atol=1e-15)
    assert score("least_confidence", probs=np.ones((2, 1))).tolist() == [0.0, 0.0]


def test_reason() -> None:
    chosen = select("least_confidence", 2, probs=P)
    assert chosen.indices.tolist() == [2, 1]
    assert chosen.reasons == ("most probable class at 0.33", "most probable class at 0.40")
