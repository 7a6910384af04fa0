"""A class gets another name, or two classes become one: what that makes of answers that were given before."""

from __future__ import annotations

from collections.abc import Mapping

from querist.core.types import LabelValue

__all__ = ["rename_class"]


def rename_class(value: LabelValue, old: str, new: str) -> LabelValue:
    """The label ``value`` with the class ``old`` called ``new``; where both stand there they become one.

    A class name, names, shares by name (those of one name are added), and spans (their last part is the class) are
    known; anything else stays as it is.

    >>> rename_class({"cat": 0.5, "tom": 0.25, "dog": 0.25}, "tom", "cat")
    {'cat': 0.75, 'dog': 0.25}
    >>> rename_class([[0, 2, "cat"], [3, 4, "dog"]], "cat", "feline")
    [[0, 2, 'feline'], [3, 4, 'dog']]
    """
    if isinstance(value, str):
        return new if value == old else value
    if isinstance(value, Mapping):
        shares: dict[str, float] = {}
        for name, share in value.items():
            name = new if name == old else name
            shares[name] = shares.get(name, 0.0) + share
        return shares
    if isinstance(value, (list, tuple)):
        if any(isinstance(part, (list, tuple)) for part in value):
            return [_span(part, old, new) for part in value]
        names = [new if part == old else part for part in value]
        return names if new not in names else list(dict.fromkeys(names))
    return value


def _span(part: object, old: str, new: str) -> list[object]:
    parts = list(part) if isinstance(part, (list, tuple)) else [part]
    return [*parts[:-1], new if parts and parts[-1] == old else parts[-1]]
