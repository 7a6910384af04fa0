"""The highlighted reason of an answer: words of a text, boxes and strokes on an image; whether it is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from querist.core.errors import ArgumentError, DataError, UnknownNameError, shorten
from querist.core.types import Json

__all__ = ["check_rationale"]

_MOST_PARTS = 1_000
_MOST_POINTS = 20_000
_PARTS = ("words", "boxes", "strokes")


def check_rationale(rationale: Mapping[str, Json] | None, item: str, text: str | None) -> None:
    """Refuse what is no reason: spans outside the text, boxes and points outside the image, a box without area.

    Args:
        rationale: ``{"words": [[start, end], ...]}`` in code points of the text, ``{"boxes": [[x, y, width, height], ...],
            "strokes": [[[x, y], ...], ...]}`` in fractions of the image's width and height; or None.
        item: id, for messages.
        text: the item's text, or None.

    Raises:
        DataError, ArgumentError: code ``BadRationale``. UnknownNameError: a part that is not known (``BadRationale``).
    """
    if rationale is None:
        return
    if not isinstance(rationale, Mapping):
        raise _bad(item, f"a reason is an object with {', '.join(_PARTS)}", rationale)
    for name, parts in rationale.items():
        if name not in _PARTS:
            raise UnknownNameError(
                f"item {shorten(item)!r}: a reason has {', '.join(_PARTS)}; got {shorten(name)!r}", code="BadRationale"
            )
        if not isinstance(parts, list) or len(parts) > _MOST_PARTS:
            raise _bad(item, f"{name} must be a list of at most {_MOST_PARTS:,}", parts)
        for part in parts:
            if name == "words":
                _check_words(part, item, text or "")
            elif name == "boxes":
                _check_box(part, item)
            else:
                _check_stroke(part, item)


def _check_words(part: Any, item: str, text: str) -> None:
    if not isinstance(part, list) or len(part) != 2 or not all(type(n) is int for n in part):
        raise _bad(item, "words are [start, end] with whole numbers", part)
    if not 0 <= part[0] < part[1] <= len(text):
        raise DataError(
            f"item {shorten(item)!r}: the words {part[0]} to {part[1]} are not within the text, which has {len(text)} "
            "characters (code points); start must be below end",
            code="BadRationale",
        )


def _check_box(part: Any, item: str) -> None:
    if not isinstance(part, list) or len(part) != 4 or not all(_number(n) for n in part):
        raise _bad(item, "a box is [x, y, width, height] with numbers", part)
    x, y, width, height = part
    slack = 1e-9
    if not (x >= 0 and y >= 0 and width > 0 and height > 0 and x + width <= 1 + slack and y + height <= 1 + slack):
        raise _bad(
            item, "a box lies within the image (fractions from 0 to 1 of width and height) and has an area", part
        )


def _check_stroke(part: Any, item: str) -> None:
    if not isinstance(part, list) or not 0 < len(part) <= _MOST_POINTS:
        raise _bad(item, f"a stroke is a list of 1 to {_MOST_POINTS:,} points", part)
    for point in part:
        if not isinstance(point, list) or len(point) != 2 or not all(_number(n) and 0 <= n <= 1 for n in point):
            raise _bad(item, "a point is [x, y], each a fraction from 0 to 1 of width and height", point)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value - value == 0  # neither NaN nor inf


def _bad(item: str, rule: str, value: object) -> ArgumentError:
    return ArgumentError(f"item {shorten(item)!r}: {rule}; got {shorten(repr(value))}", code="BadRationale")
