"""`k_means`: one item a cluster, weighted by the score."""

from __future__ import annotations

import numpy as np

import querist


def test_one_item_near_each_centre() -> None:
    rng = np.random.default_rng(0)
    centres = np.array([[0, 0], [20, 0], [0, 20]])
    x = np.concatenate([c + rng.normal(size=(30, 2)) for c in centres])
    chosen = querist.select("k_means", 3, embedding=x, seed=1)
    assert sorted(r // 30 for r in chosen.indices.tolist()) == [0, 1, 2]
    assert (chosen.scores <= 0).all()


def test_weights_draw_the_centre() -> None:
    x = np.array([[0.0], [1.0], [2.0], [3.0]])
    p = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.5, 0.5]])
    assert querist.select("margin >> k_means", 1, probs=p, embedding=x).indices.tolist() == [3]
    assert querist.select("k_means", 1, embedding=x[:3]).indices.tolist() == [1]
