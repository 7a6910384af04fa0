"""`facility_location` on hand-made points; its two kernels; bad parameters."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError

LINE = np.array([[0.0], [1.0], [3.0]])


def test_by_hand() -> None:
    chosen = querist.select("facility_location(gamma=1.0)", 3, embedding=LINE)
    e1, e4, e9 = np.exp(-1.0), np.exp(-4.0), np.exp(-9.0)
    assert chosen.indices.tolist() == [1, 2, 0]
    assert chosen.scores == pytest.approx([1 + e1 + e4, 1 - e4, 1 - e1])
    assert e9 < e4
    assert chosen.reasons[0] == "covers 3 items better than what is labelled or chosen"
    assert chosen.reasons[1] == "covers 1 item better than what is labelled or chosen"


def test_cosine() -> None:
    x = np.array([[1.0, 0.0], [2.0, 2.0], [0.0, 5.0], [-1.0, -1.0]])
    chosen = querist.select("facility_location(kernel=cosine)", 2, embedding=x)
    assert chosen.indices.tolist() == [1, 3], "sums over rows are 1, 1.41, 1, -2.41; then the one opposite"
    assert chosen.scores == pytest.approx([np.sqrt(2) + 4, 2.0]), "the first is counted from -1 for each row"


def test_the_default_gamma_is_that_of_max_herding() -> None:
    x = np.random.default_rng(0).normal(size=(80, 3))
    a, b = querist.select("facility_location", 9, embedding=x), querist.select("max_herding", 9, embedding=x)
    assert a.scores == pytest.approx(b.scores)


def test_bad_parameters() -> None:
    for text, words in (
        ("kernel=linear", "rbf or cosine"),
        ("gamma=0", "> 0"),
        ("kernel=cosine, gamma=1.0", "no gamma"),
    ):
        with pytest.raises(ArgumentError, match=words):
            querist.parse(f"facility_location({text})")
