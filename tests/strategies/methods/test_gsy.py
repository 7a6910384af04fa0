"""`gsy`: farthest first in the prediction."""

from __future__ import annotations

import numpy as np

import querist

Y = np.array([0.0, 1.0, 5.0, 9.0])


def test_by_hand() -> None:
    chosen = querist.select("gsy", 2, prediction=Y, labelled={"targets": np.array([4.0])})
    assert chosen.indices.tolist() == [3, 0]
    assert chosen.scores.tolist() == [5.0, 4.0]
    assert chosen.reasons[0] == "predicted 9, 5 from the nearest labelled or chosen answer"


def test_pending_items_count_with_their_prediction() -> None:
    pending = {"prediction": np.array([9.0])}
    chosen = querist.select("gsy", 1, prediction=Y, labelled={"targets": np.array([4.0])}, pending=pending)
    assert chosen.indices.tolist() == [0]


def test_with_no_answer_it_starts_at_the_mean_prediction() -> None:
    chosen = querist.select("gsy", 2, prediction=Y, labelled={"targets": np.zeros(0)})
    assert chosen.indices.tolist() == [2, 0]
    assert chosen.scores.tolist() == [0.0, 5.0]
    assert chosen.reasons[0] == "predicted 5, nearest to the mean prediction"
