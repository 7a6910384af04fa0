"""Highlighted evidence: words of a text, boxes and brush strokes of an image; and whether it lies on the item."""

from __future__ import annotations

import math
from typing import Any

from querist.core.errors import ArgumentError, shorten
from querist.core.types import Json

__all__ = ["check_rationale"]


def check_rationale(value: Json, item: str, text: str | None) -> None:
    """Refuse evidence that is none.

    It is ``{"words": [[start, end], ...]}``, or ``boxes`` of [x, y, width, height] and ``strokes`` of points [x, y].

    Args:
        value: what came; None is no evidence.
        item: id, for messages.
        text: the text of the item, or None. Words count its code points, end exclusive.

    Raises:
        ArgumentError: another shape, words outside the text, a box or a point outside the image (code ``BadRationale``).
    """
    if value is None:
        return
    known = {"words": _word, "boxes": _box, "strokes": _stroke}
    if not isinstance(value, dict) or not value or not set(value) <= set(known):
        raise _bad(item, f"an object with {', '.join(known)} is needed, got {shorten(repr(value))}")
    for field, parts in value.items():
        if not isinstance(parts, list):
            raise _bad(item, f"{field} must be a list, got {shorten(repr(parts))}")
        for part in parts:
            problem = known[field](part, text or "")
            if problem:
                raise _bad(item, f"{field}: {shorten(repr(part))} {problem}")


def _bad(item: str, why: str) -> ArgumentError:
    return ArgumentError(f"the rationale of item {shorten(item)!r} cannot be kept: {why}", code="BadRationale")


def _word(part: Any, text: str) -> str:
    whole = isinstance(part, list) and len(part) == 2 and all(type(n) is int for n in part)
    if whole and 0 <= part[0] < part[1] <= len(text):
        return ""
    return f"is no [start, end] within the {len(text)} characters (code points) of the text, start below end"


def _box(part: Any, text: str) -> str:
    if _fractions(part, 4) and part[2] > 0 and part[3] > 0 and part[0] + part[2] <= 1 and part[1] + part[3] <= 1:
        return ""
    return "is no [x, y, width, height] inside the image, in fractions from 0 to 1 with an area"


def _stroke(part: Any, text: str) -> str:
    if isinstance(part, list) and part and all(_fractions(point, 2) for point in part):
        return ""
    return "is no list of points [x, y] inside the image, in fractions from 0 to 1"


def _fractions(part: Any, count: int) -> bool:
    numbers = isinstance(part, list) and len(part) == count and all(type(n) in (int, float) for n in part)
    return numbers and all(math.isfinite(n) and 0 <= n <= 1 for n in part)
