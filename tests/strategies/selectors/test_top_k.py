"""The n rows of highest score."""

from __future__ import annotations

import numpy as np

from querist.strategies.arrays import select

P = np.array([[0.9, 0.1], [0.6, 0.4], [0.5, 0.5], [0.8, 0.2]])


def test_best_first() -> None:
    chosen = select("margin >> top_k", 3, probs=P)
    assert chosen.indices.tolist() == [2, 1, 3]
    np.testing.assert_allclose(chosen.scores, [1.0, 0.8, 0.4])
    assert chosen.reasons[0] == "two nearest classes 0.50 / 0.50"


def test_ties_belong_to_the_item_and_not_to_its_place() -> None:
    ids = [f"item {i}" for i in range(30)]
    same = np.full((30, 2), 0.5)
    first = select("margin", 5, probs=same, ids=ids, seed=4)
    backwards = select("margin", 5, probs=same, ids=ids[::-1], seed=4)
    assert first.ids == backwards.ids
    assert first.ids != ids[:5]
    assert first.ids != select("margin", 5, probs=same, ids=ids, seed=5).ids


def test_without_a_score() -> None:
    chosen = select("top_k", 2, ids=range(9))
    assert chosen.scores.tolist() == [0.0, 0.0]
    assert set(chosen.reasons) == {"no score to rank by: in an order drawn by the seed"}
