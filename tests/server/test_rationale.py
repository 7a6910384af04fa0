"""Evidence lies on its item, or it is refused with the field, the limits and the unit."""

from __future__ import annotations

import pytest

from querist.core.errors import ArgumentError
from querist.core.types import Json
from querist.server.rationale import check_rationale

TEXT = "a \N{GRINNING FACE} b"  # 5 code points, 6 code units


@pytest.mark.parametrize(
    "good",
    [
        None,
        {"words": []},
        {"words": [[0, 1], [2, 5]]},
        {"boxes": [[0, 0, 1, 1], [0.5, 0.25, 0.5, 0.75]]},
        {"strokes": [[[0, 0], [0.5, 1.0]], [[1, 1]]]},
        {"boxes": [[0.1, 0.1, 0.2, 0.2]], "strokes": []},
    ],
)
def test_evidence_on_the_item_is_kept(good: Json) -> None:
    check_rationale(good, "a", TEXT)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ([], "an object with words, boxes, strokes"),
        ({}, "an object with"),
        ({"role": []}, "an object with"),
        ({"words": "x"}, "words must be a list"),
        ({"words": [[0, 6]]}, "within the 5 characters (code points)"),
        ({"words": [[3, 3]]}, "start below end"),
        ({"words": [[-1, 2]]}, "[-1, 2]"),
        ({"words": [[0, 1.0]]}, "[0, 1.0]"),
        ({"words": [[True, 2]]}, "words"),
        ({"boxes": [[0, 0, 0, 1]]}, "with an area"),
        ({"boxes": [[0.5, 0, 0.6, 1]]}, "inside the image"),
        ({"boxes": [[0, 0, float("nan"), 1]]}, "fractions from 0 to 1"),
        ({"boxes": [[0, 0, 1]]}, "[x, y, width, height]"),
        ({"boxes": [["0", 0, 1, 1]]}, "boxes"),
        ({"strokes": [[]]}, "points [x, y]"),
        ({"strokes": [[[0, 1.5]]]}, "inside the image"),
        ({"strokes": [[[0, float("inf")]]]}, "strokes"),
    ],
)
def test_anything_else_is_refused_and_named(bad: Json, words: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        check_rationale(bad, "item 7", TEXT)
    assert caught.value.code == "BadRationale"
    assert words in str(caught.value)
    assert "'item 7'" in str(caught.value)


def test_words_need_a_text() -> None:
    with pytest.raises(ArgumentError, match="within the 0 characters"):
        check_rationale({"words": [[0, 1]]}, "a", None)
