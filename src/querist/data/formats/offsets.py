"""Places in a text: code points, as Python and querist count, and UTF-16 code units, as browsers count."""

from __future__ import annotations

__all__ = ["points", "units"]

_LAST_OF_ONE_UNIT = "\uffff"


def units(text: str, place: int) -> int:
    """The place in code units of a place in code points.

    >>> units("a\U0001d11eb", 2)
    3
    """
    return place + sum(letter > _LAST_OF_ONE_UNIT for letter in text[:place])


def points(text: str, unit: int) -> int:
    """The place in code points of a place in code units; what lies inside of a letter counts as its begin.

    >>> points("a\U0001d11eb", 3)
    2
    """
    if text.isascii() or max(text) <= _LAST_OF_ONE_UNIT:
        return unit
    at = 0
    for place, letter in enumerate(text):
        width = 2 if letter > _LAST_OF_ONE_UNIT else 1
        if at + width > unit:
            return place
        at += width
    return len(text) + unit - at
