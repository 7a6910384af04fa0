"""Places in code points and code units."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from querist.data.formats.offsets import points, units


def test_a_letter_of_two_units() -> None:
    text = "a𝄞b"
    assert [units(text, k) for k in range(4)] == [0, 1, 3, 4]
    assert [points(text, k) for k in range(5)] == [0, 1, 1, 2, 3], "within the letter counts as its begin"
    assert (points("", 0), points("é", 1), points("abc", 9)) == (0, 1, 9)
    assert points("𝄞", 5) == 4, "beyond the end stays beyond it"


@given(st.text(st.characters(exclude_categories=["Cs"])), st.data())
def test_units_are_those_of_utf_16(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text)))
    assert units(text, place) == len(text[:place].encode("utf-16-le")) // 2
    assert points(text, units(text, place)) == place
