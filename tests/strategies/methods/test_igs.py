"""`igs`: farthest first in features times prediction."""

from __future__ import annotations

import numpy as np
import pytest

import querist

X = np.array([[0.0], [1.0], [2.0], [8.0]])
Y = np.array([6.0, 0.0, 3.0, 1.0])
KNOWN = {"embedding": np.array([[1.0]]), "targets": np.array([1.0])}


def test_by_hand() -> None:
    """To (1, 1): 1 * 5, 0 * 1, 1 * 2, 7 * 0. The first is taken; to it the third has 2 * 3, so 2 stays."""
    chosen = querist.select("igs", 2, embedding=X, prediction=Y, labelled=KNOWN)
    assert chosen.indices.tolist() == [0, 2]
    assert chosen.scores == pytest.approx([5.0, 2.0])
    assert chosen.reasons[1] == "predicted 3; far from what is labelled or chosen in features and answer (product 2)"


def test_pending_items_count_with_their_prediction() -> None:
    pending = {"embedding": X[:1], "prediction": Y[:1]}
    chosen = querist.select("igs", 1, embedding=X, prediction=Y, labelled=KNOWN, pending=pending)
    assert chosen.indices.tolist() == [2]


def test_with_nothing_labelled_it_starts_at_the_mean_of_the_pool() -> None:
    none = {"embedding": np.zeros((0, 1)), "targets": np.zeros(0)}
    chosen = querist.select("igs", 2, embedding=X, prediction=Y, labelled=none)  # mean 2.75
    assert chosen.indices.tolist() == [2, 3]
    assert chosen.scores == pytest.approx([0.0, 12.0])
    assert "nothing is labelled yet" in chosen.reasons[0]
