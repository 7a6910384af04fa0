"""`mnlp` by hand: the length of an item plays no part."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.strategies.scores.mnlp import Mnlp
from querist.testing.strategies import check_strategy


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


def test_the_best_path_over_the_number_of_tokens() -> None:
    tokens = np.array([[[0.8, 0.2], [0.5, 0.5]], [[0.8, 0.2], [0.0, 0.0]]])
    nbest = np.log([[0.3, 0.2], [0.7, 0.3]])
    got = querist.score("mnlp(best_path=True)", tokens=tokens, nbest=nbest)
    assert got == pytest.approx([-np.log(0.3) / 2, -np.log(0.7)])
    with pytest.raises(ArgumentError, match="nbest"):
        querist.score("mnlp(best_path=True)", tokens=tokens)
    with pytest.raises(ArgumentTypeError, match="best_path must be True or False"):
        Mnlp(best_path=1)  # type: ignore[arg-type]


def test_the_best_path_keeps_the_contract() -> None:
    check_strategy("mnlp(best_path=True)")
