"""`kmeans_pp`: the score weighs, what is known repels; the distribution is tested in its kernel."""

from __future__ import annotations

import numpy as np

import querist

X = np.array([[0.0], [0.0], [1.0], [9.0]])


def test_what_is_labelled_is_never_drawn_again_while_others_are_left() -> None:
    for seed in range(30):
        chosen = querist.select("kmeans_pp", 2, embedding=X, labelled={"embedding": X[:1]}, seed=seed)
        assert set(chosen.indices.tolist()) == {2, 3}


def test_far_items_are_drawn_more_often() -> None:
    first = [
        int(querist.select("kmeans_pp", 1, embedding=X, pending={"embedding": X[:1]}, seed=s).indices[0])
        for s in range(400)
    ]
    assert abs(np.mean(np.array(first) == 3) - 81 / 82) < 0.02


def test_score_weighs() -> None:
    p = np.array([[1.0, 0.0], [1.0, 0.0], [0.5, 0.5], [1.0, 0.0]])  # only row 2 is uncertain
    for seed in range(20):
        assert querist.select("margin >> kmeans_pp", 1, probs=p, embedding=X, seed=seed).indices.tolist() == [2]
    assert str(querist.parse("kmeans_pp")) == "kmeans_pp"
