from __future__ import annotations

from typing import Any

import pytest

from querist.core.errors import QueristError
from querist.server.rationale import check_rationale

INF, NAN = float("inf"), float("nan")


@pytest.mark.parametrize(
    "rationale",
    [
        None,
        {},
        {"words": [[0, 1], [4, 6]]},
        {"words": []},
        {"boxes": [[0, 0, 1, 1], [0.25, 0.5, 0.75, 0.5]], "strokes": [[[0, 0], [1, 1]], [[0.5, 0.5]]]},
    ],
)
def test_reasons_are_taken(rationale: Any) -> None:
    check_rationale(rationale, "a", "naïve 😀"[:6])


@pytest.mark.parametrize(
    "rationale, word",
    [
        ({"words": [[3, 3]]}, "below end"),
        ({"words": [[4, 2]]}, "code points"),
        ({"words": [[0, 8]]}, "7 characters"),  # nine UTF-16 units, but seven code points
        ({"words": [[-1, 2]]}, "within the text"),
        ({"words": [[0.0, 2]]}, "whole numbers"),
        ({"words": [[True, 2]]}, "whole numbers"),
        ({"words": [[0, 1, 2]]}, "whole numbers"),
        ({"words": {"0": 1}}, "list"),
        ({"boxes": [[0, 0, 0, 1]]}, "area"),
        ({"boxes": [[0.5, 0, 0.6, 1]]}, "within the image"),
        ({"boxes": [[-0.1, 0, 0.5, 1]]}, "within the image"),
        ({"boxes": [[0, 0, NAN, 1]]}, "numbers"),
        ({"boxes": [[0, 0, INF, 1]]}, "numbers"),
        ({"boxes": [["0", 0, 1, 1]]}, "numbers"),
        ({"boxes": [[0, 0, 1, 1]] * 1001}, "1,000"),
        ({"strokes": [[]]}, "points"),
        ({"strokes": [[[0, 1.1]]]}, "fraction"),
        ({"strokes": [[[0, NAN]]]}, "fraction"),
        ({"strokes": [[0, 1]]}, "fraction"),
        ({"circles": []}, "circles"),
    ],
)
def test_what_is_no_reason_is_named(rationale: Any, word: str) -> None:
    with pytest.raises(QueristError, match=word) as caught:
        check_rationale(rationale, "a", "nïve 😀!")
    assert caught.value.code == "BadRationale"
    assert "'a'" in str(caught.value)


def test_an_item_without_text_has_no_words() -> None:
    with pytest.raises(QueristError, match="0 characters"):
        check_rationale({"words": [[0, 1]]}, "a", None)
