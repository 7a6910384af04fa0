"""Hashed n-grams: what is counted, how it is weighed, and that texts of one kind lie together."""

from __future__ import annotations

import numpy as np
import pytest

from live_project import animal_texts
from querist.models.encoders.hashed_text import _LETTERS, HashedText, _counts


def test_words_and_letters_are_counted_by_hand() -> None:
    counts = _counts(["ab ab", ""])
    words, letters = counts[:, _LETTERS:], counts[:, :_LETTERS]
    # words: ab twice, and the pair (ab, ab) once
    assert sorted(words[0].data.tolist()) == [1.0, 2.0]
    # " ab ab " has 5 + 4 + 3 sequences of 3, 4 and 5 letters: " ab" and "ab " stand there twice, " ab " twice
    assert letters[0].sum() == 12
    assert sorted(letters[0].data.tolist()) == [1.0] * 6 + [2.0] * 3
    assert counts[1].nnz == 0


def test_sequences_do_not_run_from_one_text_into_the_next() -> None:
    together = _counts(["abc", "def"])
    alone = _counts(["abc"])
    assert (together[0] != alone[0]).nnz == 0


def test_case_and_white_space_play_no_part() -> None:
    both = _counts(["Ein  Hund\n", "ein hund"])
    assert (both[0] != both[1]).nnz == 0


def test_rows_are_unit_or_zero_and_texts_about_one_thing_lie_together() -> None:
    texts, kinds = animal_texts(300)
    encoder = HashedText(width=16).fit(texts)
    rows = encoder([*texts, "", "\x00\ud800 \U0001f600"])
    lengths = np.linalg.norm(rows, axis=1)
    np.testing.assert_allclose(lengths[:300], 1.0, atol=1e-5)
    assert lengths[300] == 0.0
    assert np.isfinite(rows).all()
    same = np.equal.outer(kinds, kinds)
    likeness = rows[:300] @ rows[:300].T
    assert likeness[same].mean() > likeness[~same].mean() + 0.2


@pytest.mark.parametrize("texts", [[""], ["", ""], ["a"], ["one text only"]])
def test_hardly_any_text_is_enough(texts: list[str]) -> None:
    rows = HashedText().fit(texts)(texts)
    assert rows.shape[0] == len(texts)
    assert np.isfinite(rows).all()


def test_misspelt_words_are_near_the_right_ones() -> None:
    texts, _ = animal_texts(200)
    encoder = HashedText(width=32).fit([*texts, *["internationalisation of labels", "a short remark"] * 5])
    right, wrong, other = encoder(["internationalisation", "internationalization", "purrs meows kitten"])
    assert right @ wrong > 0.7 > right @ other


def test_the_row_of_a_text_does_not_depend_on_the_others() -> None:
    """To the last bit: features made for a round are those of the file."""
    texts = [f"{word} number {k} of {word * 2}!" for k in range(40) for word in ("purr", "bark", "")]
    encoder = HashedText(width=16).fit(texts[:70])
    whole = encoder(texts)
    np.testing.assert_array_equal(np.concatenate([encoder([text]) for text in texts]), whole)
    np.testing.assert_array_equal(encoder(texts[::-7]), whole[::-7])
