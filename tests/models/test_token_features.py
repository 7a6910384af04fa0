from __future__ import annotations

import numpy as np

from querist.models.token_features import LETTERS, WindowFeatures, WordFeatures, word_shape
from querist.models.vocabulary import Vocabulary


def test_shapes() -> None:
    assert [word_shape(t) for t in ("Anna", "USA", "x-ray", "2017", "iPhone6", "é", "")] == [
        "Xx", "X", "x-x", "d", "xXxd", "x", "",
    ]  # fmt: skip


def test_word_shape_and_letters_of_each_token() -> None:
    make = WordFeatures(Vocabulary(("anna", "runs"), buckets=1), shapes=32, letters=4)
    rows = make([["Anna", "runs"], ["Annamaria"]])
    assert rows.shape == (3, 6)
    assert rows[:, 0].tolist() == [1, 2, 3]
    assert rows[0, 1] == rows[2, 1] != rows[1, 1], "two have the shape Xx"
    assert rows[0, 2:].tolist() == [1 + ord(c) for c in "Anna"]
    assert rows[2, 2:].tolist() == [1 + ord(c) for c in "Ania"], "the first and the last half"
    assert make([["é"]])[0, 2] >= 129
    assert make([["ab"]])[0, 4:].tolist() == [0, 0]
    assert rows.max() < max(LETTERS, 1 << 14)


def test_a_window_sees_two_neighbours_on_each_side_and_not_across_sentences() -> None:
    make = WindowFeatures(1 << 14)
    sentences = [["a", "b", "c", "d", "e"], ["x"], ["b", "c"]]
    rows = make(sentences)
    assert rows.shape == (8, make.width)
    assert rows.min() > 0, "0 is padding"
    assert rows.max() < 1 << 14
    alone = make([["x"]])
    assert np.array_equal(rows[5], alone[0])
    middle = make([["z", "b", "c", "d", "y"]])[2]
    same = rows[2] == middle
    assert same[:14].all(), "the token and its next neighbours"
    assert not same[14:].any(), "the second neighbours differ"
    own = rows[1][:10]
    assert np.array_equal(own, rows[6][:10]), "b is b wherever it stands"
    assert not np.array_equal(rows[1], rows[6])
