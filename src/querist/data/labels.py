"""Labels that came with the data, made plain: one kind, Python values, None where a label is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from querist.core.errors import DataError, shorten
from querist.core.types import LabelValue

__all__ = ["check_kinds", "kind_of", "labels_as_text", "plain_label"]


def labels_as_text(values: Sequence[Any], name: str, *, lines: Sequence[int] | None = None) -> list[LabelValue] | None:
    """Labels of one kind: whole numbers and truth values become their text, decimal numbers stay.

    A missing label (None, NaN, NA or blank text) becomes None: nobody knows it.

    Args:
        values: (N,) labels.
        name: of the source, for messages.
        lines: line of each label in its file, for messages.

    Returns:
        (N,) labels, or None when all are missing.

    Raises:
        DataError: kinds are mixed (code ``MixedLabelTypes``, naming the kinds and where each is first met).
    """
    plain = [plain_label(v) for v in values]
    known = [v for v in plain if v is not None]
    if not known:
        return None
    if {kind_of(v) for v in known} == {"int", "float"} and any(kind_of(v) == "float" and v % 1 for v in known):
        return [None if v is None else float(v) for v in plain]  # 3 beside 3.5 is a number; 3 beside 3.0 is unclear
    kinds = check_kinds(plain, name, "row" if lines is None else "line", lines)
    if kinds <= {"int"} or kinds <= {"bool"}:
        return [None if v is None else str(v) for v in plain]
    if kinds <= {"list"}:
        inner = [member for value in known for member in value]
        check_kinds(inner, f"{name}, inside the lists", "place", None)
        return [None if v is None else [str(member) for member in v] for v in plain]
    return plain


def plain_label(value: Any) -> Any:
    """A label as a Python value; None where it is missing."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    elif isinstance(value, np.generic):
        value = value.item()
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, float) and value != value:
        return None
    if isinstance(value, str):
        return str(value) if value.strip() else None
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted((plain_label(v) for v in value), key=str)  # mixed kinds are named later
    if isinstance(value, (list, tuple)):
        return [plain_label(v) for v in value]
    return value


def kind_of(value: Any) -> str:
    """What kind of label a plain value is: "str", "int", "bool", "float", "list", "dict" or another type's name."""
    return type(value).__name__


def check_kinds(values: Sequence[Any], name: str, place: str, places: Sequence[Any] | None) -> set[str]:
    """The kinds of the labels that are not None.

    Args:
        values: plain labels.
        name: of the source, for messages.
        place: what a place is called, e.g. "row" or "item".
        places: the place of each label; its number when None.

    Raises:
        DataError: there is more than one kind (code ``MixedLabelTypes``).
    """
    first: dict[str, int] = {}
    for number, value in enumerate(values):
        if value is not None:
            first.setdefault(kind_of(value), number)
    if len(first) > 1:
        what = ", ".join(
            f"{kind} (first in {place} {n if places is None else places[n]}: {shorten(repr(values[n]), 30)})"
            for kind, n in first.items()
        )
        raise DataError(
            f"{name}: labels are of several kinds: {what}; make them one, e.g. all text", code="MixedLabelTypes"
        )
    return set(first)
