"""`most_likely` by hand."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError
from querist.strategies.scores.most_likely import MostLikely

P = np.array([[0.9, 0.1, 0.0], [0.2, 0.3, 0.5], [0.4, 0.6, 0.0]])


def test_the_probability_of_the_class() -> None:
    assert querist.score("most_likely(1)", probs=P) == pytest.approx([0.1, 0.3, 0.6])
    chosen = querist.select("most_likely(label=2)", 1, probs=P)
    assert chosen.indices.tolist() == [1]
    assert chosen.reasons == ("of class 2 with probability 0.50",)
    assert str(querist.parse("most_likely(label=2)")) == "most_likely(2)"


def test_bad_parameters() -> None:
    with pytest.raises(ArgumentError, match="label must be a class number"):
        MostLikely(-1)
    with pytest.raises(ArgumentError, match="asks for class 3, and probs has 3 classes"):
        querist.score("most_likely(3)", probs=P)
