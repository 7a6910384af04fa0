"""What labels are: one class, several, a number or spans, by the look of those that are there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from querist.core.errors import QueristError, shorten
from querist.core.types import Json
from querist.data.formats.answers import cell_value, is_spans
from querist.data.formats.reading import Reading, Task
from querist.data.schema import infer

__all__ = ["TaskGuess", "guess_task"]

_MANY = 20
"""Whole numbers with more values than this are numbers; with fewer they may be classes."""
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_SEPARATORS = ("|", ";", ",")


@dataclass(frozen=True, slots=True)
class TaskGuess:
    """What the labels are.

    Args:
        task: "single", "multi", "number" or "spans", or None.
        classes: those found.
        separator: what parts several classes in a cell.
        low: smallest number.
        high: largest number.
        labelled: how many have a label.
        unknown: (what, why, choices) of what has to be asked.
        notes: sentences worth the user's eye.
    """

    task: Task | None
    classes: tuple[str, ...] = ()
    separator: str | None = None
    low: float | None = None
    high: float | None = None
    labelled: int = 0
    unknown: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    notes: tuple[str, ...] = ()


def guess_task(values: Sequence[Json], given: Task | None, *, cells: bool) -> TaskGuess:
    """The task that labels show.

    Args:
        values: a label an item; None, NaN and blank texts count as missing.
        given: the task, where it is known.
        cells: values are cells of a table, in which numbers and lists are spelled.
    """
    known = [v for v in values if not _missing(v)]
    if cells:
        known = [cell_value(v, Reading()) if isinstance(v, str) else v for v in known]
    count = len(known)
    if not known:
        unknown: list[tuple[str, str, tuple[str, ...]]] = []
        if given is None:
            unknown.append(("task", "no item has a label", ("single", "multi", "number", "spans")))
        if given != "number":
            unknown.append(("classes", "no item has a label; name the classes", ()))
        return TaskGuess(given, unknown=tuple(unknown))
    task, separator, doubt = (given, None, None) if given else _look(known)
    if task == "multi" and separator is None:
        separator = _separator([v for v in known if isinstance(v, str)])
    unknown = [] if doubt is None else [doubt]
    if task == "number":
        numbers = [n for v in known if (n := _number(v)) is not None]
        if len(numbers) < count:
            odd = next(v for v in known if _number(v) is None)
            unknown.append(("task", f"{shorten(repr(odd), 40)} is no number", ("single", "multi")))
        low, high = (min(numbers), max(numbers)) if numbers else (None, None)
        return TaskGuess("number", low=low, high=high, labelled=count, unknown=tuple(unknown))
    names = [name for value in known for name in _names(value, task, separator)]
    classes, fault = _classes(names)
    notes: list[str] = []
    if fault:
        unknown.append(("classes", fault, classes))
    elif len(classes) == 1 and task == "single":
        unknown.append(("classes", f"only one class is there: {shorten(classes[0], 40)!r}; name the others", classes))
    elif task == "single" and len(classes) > 50 and len(classes) > count / 2:
        why = f"the label has {len(classes)} different values in {count} items, and classes come again"
        unknown.append(("label", why, ()))
    return TaskGuess(task, classes, separator, labelled=count, unknown=tuple(unknown), notes=tuple(notes))


def _look(known: list[Any]) -> tuple[Task, str | None, tuple[str, str, tuple[str, ...]] | None]:
    """The task, the separator of several classes, and a doubt."""
    lists = [v for v in known if isinstance(v, (list, tuple))]
    if any(is_spans(v) for v in lists):
        return "spans", None, None
    if lists:
        return "multi", None, None
    if all(isinstance(v, dict) for v in known):
        return "single", None, None
    if any(isinstance(v, bool) for v in known):
        return "single", None, None
    numbers = [_number(v) for v in known]
    if all(n is not None for n in numbers):
        whole = all(_whole(v) for v in known)
        different = len(set(numbers))
        if not whole or different > _MANY:
            return "number", None, None
        if different <= 2:
            return "single", None, None
        low, high = min(n for n in numbers if n is not None), max(n for n in numbers if n is not None)
        why = f"labels are whole numbers from {low:g} to {high:g}: names of classes, or a number such as a rating?"
        return "single", None, ("task", why, ("single", "number"))
    separator = _separator([v for v in known if isinstance(v, str)])
    return ("multi", separator, None) if separator else ("single", None, None)


def _separator(texts: list[str]) -> str | None:
    """The sign that parts several classes: parts come again more often than whole cells do."""
    for sign in _SEPARATORS:
        parted = [t for t in texts if sign in t.strip(sign + " ")]
        if len(parted) < max(2, 0.1 * len(texts)):
            continue
        parts = Counter(p.strip() for t in texts for p in t.split(sign) if p.strip())
        if len(parts) < len(set(texts)) and all(len(p) <= 40 for p in parts):
            return sign
    return None


def _names(value: Any, task: Task | None, separator: str | None) -> list[str]:
    if isinstance(value, dict):
        return [str(name) for name in value]
    if isinstance(value, (list, tuple)):
        if task == "spans":
            return [str(part[2]) for part in value if isinstance(part, (list, tuple)) and len(part) == 3]
        return [str(part) for part in value]
    if task == "multi" and isinstance(value, str) and separator:
        return [part.strip() for part in value.split(separator) if part.strip()]
    if isinstance(value, float) and value.is_integer():
        return [str(int(value))]
    return [str(value)]


def _classes(names: list[str]) -> tuple[tuple[str, ...], str]:
    """Names of classes in order, and why they cannot stand so, or ""."""
    if not names:
        return (), "no item has a class; name the classes"
    try:
        return infer(names).classes, ""  # type: ignore[attr-defined, unused-ignore]
    except QueristError as error:
        return tuple(sorted(set(names))), str(error)


def _missing(value: Any) -> bool:
    return (
        value is None or (isinstance(value, float) and value != value) or (isinstance(value, str) and not value.strip())
    )


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if number - number == 0 else None


def _whole(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and bool(_WHOLE.fullmatch(value.strip())))
