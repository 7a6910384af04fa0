"""`mnlp` by hand: the length of an item plays no part."""

from __future__ import annotations

import numpy as np
import pytest

import querist


def test_by_hand() -> None:
    tokens = np.array([[[0.8, 0.2], [0.5, 0.5]], [[0.8, 0.2], [0.0, 0.0]]])
    want = [-(np.log(0.8) + np.log(0.5)) / 2, -np.log(0.8)]
    assert querist.score("mnlp", tokens=tokens) == pytest.approx(want)
    assert (
        querist.select("mnlp", 1, tokens=tokens).reasons[0]
        == "its best labels have probability 0.63 a token (2 tokens)"
    )


def test_repeating_an_item_changes_nothing_here_and_much_without_the_division() -> None:
    p = np.random.default_rng(1).dirichlet(np.ones(3), (1, 4))
    twice = np.concatenate([p, p], axis=1)
    assert querist.score("mnlp", tokens=twice) == pytest.approx(querist.score("mnlp", tokens=p))
    long = querist.score("sequence_least_confidence", tokens=twice)
    assert long[0] > querist.score("sequence_least_confidence", tokens=p)[0]
