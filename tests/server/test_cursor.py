from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from querist.server.cursor import read_cursor, write_cursor
from querist.server.problems import Problem

SECRET = b"s" * 32


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9), max_size=3))
def test_a_cursor_comes_back(place: dict[str, object]) -> None:
    assert read_cursor(SECRET, write_cursor(SECRET, place)) == place


@pytest.mark.parametrize(
    "cursor", ["", "x", "ü", "AAAA", "a" * 200, "=", "\ud800", write_cursor(b"t" * 32, {"row": 1})]
)
def test_a_forged_cursor_is_named(cursor: str) -> None:
    with pytest.raises(Problem) as caught:
        read_cursor(SECRET, cursor)
    assert (caught.value.status_code, caught.value.code) == (400, "BadCursor")


def test_every_changed_letter_is_noticed() -> None:
    good = write_cursor(SECRET, {"row": 123})
    for place in range(len(good)):
        bad = good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :]
        try:
            assert read_cursor(SECRET, bad) == {"row": 123}  # spare bits of the last letter
            assert place == len(good) - 1
        except Problem:
            pass
