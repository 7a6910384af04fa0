"""Learning loss: the published signal is the score, and without it the strategy is refused by name."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError


def test_by_hand() -> None:
    got = querist.select("learning_loss", 2, loss=np.array([-1.0, 3.0, 0.5]))
    assert got.indices.tolist() == [1, 2]
    assert got.scores.tolist() == [3.0, 0.5]
    assert got.reasons[0] == "the loss head predicts a loss of 3"


@pytest.mark.parametrize("text", ["learning_loss", "rank(learning_loss) + rank(margin)", "random * learning_loss"])
def test_refused_by_name_without_its_signal(text: str) -> None:
    with pytest.raises(ArgumentError, match=r"needs learning_loss of a learner.*or pass .*loss") as error:
        querist.select(text, 1, ids=["a", "b"])
    assert error.value.code == "NeedsCapability"
