"""`sequence_least_confidence` from the best sequences and from tokens."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError

TOKENS = np.array([[[0.8, 0.2], [0.5, 0.5]], [[0.9, 0.1], [0.0, 0.0]]])


def test_from_the_best_sequence() -> None:
    got = querist.score("sequence_least_confidence", nbest=np.log([[0.6, 0.1], [0.3, 0.2]]))
    assert got == pytest.approx([0.4, 0.7])
    chosen = querist.select("sequence_least_confidence", 1, nbest=np.log([[0.6, 0.1], [0.3, 0.2]]))
    assert chosen.reasons == ("its best label sequence has probability 0.3",)


def test_from_tokens() -> None:
    assert querist.score("sequence_least_confidence", tokens=TOKENS) == pytest.approx([1 - 0.8 * 0.5, 0.1])


def test_the_best_sequences_are_preferred_and_one_of_both_is_needed() -> None:
    got = querist.score("sequence_least_confidence", tokens=TOKENS, nbest=np.log([[0.6], [0.3]]))
    assert got == pytest.approx([0.4, 0.7])
    with pytest.raises(ArgumentError, match="nbest"):
        querist.score("sequence_least_confidence", probs=np.eye(2))


def test_very_sure_and_very_long_items_keep_their_digits() -> None:
    got = querist.score("sequence_least_confidence", nbest=np.array([[-1e-12], [-2000.0]]))
    assert got[0] == pytest.approx(1e-12, rel=1e-9)
    assert got[1] == 1.0
