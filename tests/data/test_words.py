"""Tokens: marks stay on their letters, and nothing but white space lies between."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawn_items import letters
from querist.data.words import word_places

MARKED = st.text(st.sampled_from("ae1_ -.,\u0301\u0327é\u093f\u0902हन\u200c\u200d\U0001f469\U0001f4bb\u20e3\ufe0f\n"))


def tokens(text: str) -> list[str]:
    return [text[a:b] for a, b in word_places(text)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a b-c, d_1", ["a", "b", "-", "c", ",", "d_1"]),
        ("cafe\u0301s ok", ["cafe\u0301s", "ok"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("a\U0001f469\u200d\U0001f4bbb", ["a", "\U0001f469\u200d\U0001f4bb", "b"]),
        ("!\u0301a", ["!\u0301", "a"]),
        (" \u0301a", ["\u0301", "a"]),
        ("", []),
        ("\u3000 \x85", []),
    ],
)
def test_words_and_signs(text: str, wanted: list[str]) -> None:
    assert tokens(text) == wanted


@given(MARKED | st.text(letters, max_size=20))
def test_only_white_space_lies_between_and_no_mark_is_torn_off(text: str) -> None:
    places = word_places(text)
    assert "".join(text[a:b] for a, b in places) == "".join(text.split())
    for start, stop in places:
        assert stop > start
        torn = unicodedata.category(text[start])[0] == "M" and start > 0
        assert not torn or text[start - 1].isspace()


@given(MARKED)
def test_what_is_joined_by_blanks_is_cut_the_same(text: str) -> None:
    cut = tokens(text)
    assert tokens(" ".join(cut)) == cut


@given(st.text(st.characters(max_codepoint=0x2FF, exclude_categories=["Cc"]), max_size=12))
def test_a_decomposed_text_has_the_words_of_a_composed_one(text: str) -> None:
    apart = unicodedata.normalize("NFD", text)
    together = unicodedata.normalize("NFC", apart)
    assert [unicodedata.normalize("NFC", t) for t in tokens(apart)] == tokens(together)
