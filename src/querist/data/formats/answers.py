"""Answers as they stand in files: a plain value becomes an answer, and an item's exact answers travel beside it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from querist.core.errors import shorten
from querist.core.types import Json
from querist.data.formats.exported import Exported
from querist.data.formats.reading import Reading
from querist.data.record import Record

__all__ = ["answer_of", "carried", "carry", "cell_value", "current", "is_spans", "latest", "marked", "restored", "told"]

_KINDS = ("label", "distribution", "verification", "skip", "reject")
_VERSION = 1


def is_spans(value: object) -> bool:
    """Whether a value is a list of [start, end, class], with at least one."""
    return isinstance(value, (list, tuple)) and bool(value) and all(_is_span(part) for part in value)


def _is_span(part: object) -> bool:
    return (
        isinstance(part, (list, tuple))
        and len(part) == 3
        and all(isinstance(n, int) and not isinstance(n, bool) for n in part[:2])
        and isinstance(part[2], str)
    )


def cell_value(cell: str, reading: Reading) -> Json:
    """What a cell of a table says: JSON where it is a list or an object, a number where one is asked for, else text."""
    text = cell.strip()
    if text[:1] in ("[", "{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            pass
    if reading.task == "multi":
        return [part.strip() for part in text.split(reading.separator or "|") if part.strip()]
    if reading.task == "number":
        try:
            return float(text)
        except ValueError:
            pass
    return cell


def answer_of(value: Json, reading: Reading) -> dict[str, Json] | None:
    """The answer that a plain value is; None where it is missing.

    Raises:
        ValueError: what is wrong with it.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, float) and value != value:
        return None
    task = reading.task
    if isinstance(value, Mapping):
        if not value or not all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value.values()):
            raise ValueError(f"shares {{class: number}} are needed, got {shorten(repr(value), 60)}")
        return {"kind": "distribution", "value": dict(value)}
    if isinstance(value, (list, tuple)):
        return {"kind": "label", "value": _list_value(list(value), task)}
    if task == "number":
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise ValueError(f"a number is needed, got {shorten(repr(value), 60)}") from None
        if isinstance(value, bool) or not math.isfinite(number):
            raise ValueError(f"a finite number is needed, got {shorten(repr(value), 60)}")
        return {"kind": "label", "value": number}
    if task == "spans":
        raise ValueError(f"spans [[start, end, class], ...] are needed, got {shorten(repr(value), 60)}")
    name = value if isinstance(value, str) else _class_name(value)
    return {"kind": "label", "value": [name] if task == "multi" else name}


def _list_value(value: list[Any], task: str | None) -> Json:
    if task == "spans" or (task is None and is_spans(value)):
        if value and not is_spans(value):
            raise ValueError(f"spans [[start, end, class], ...] are needed, got {shorten(repr(value), 60)}")
        return [list(part) for part in value]
    if any(isinstance(part, (list, tuple, dict)) or part is None for part in value):
        raise ValueError(f"a list of class names is needed, got {shorten(repr(value), 60)}")
    names = [part if isinstance(part, str) else _class_name(part) for part in value]
    if task == "single":
        if len(names) != 1:
            raise ValueError(f"one class is needed, got {len(names)}: {shorten(repr(value), 60)}")
        return names[0]
    if task == "number":
        raise ValueError(f"a number is needed, got {shorten(repr(value), 60)}")
    return names


def _class_name(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def told(answers: Sequence[Mapping[str, Json]]) -> list[Mapping[str, Json]]:
    """The answers that count, the last of each annotator, in order."""
    last = {a.get("annotator"): place for place, a in enumerate(answers) if a.get("counted", True)}
    return [answers[place] for place in sorted(last.values())]


def latest(answers: Sequence[Mapping[str, Json]]) -> Mapping[str, Json] | None:
    """The last answer that counts, of whatever kind."""
    return next((a for a in reversed(answers) if a.get("counted", True)), None)


def current(answers: Sequence[Mapping[str, Json]]) -> Json:
    """The value of the last label or soft label that counts, or None."""
    found = (a for a in reversed(answers) if a.get("counted", True))
    return next((a.get("value") for a in found if a.get("kind") in ("label", "distribution")), None)


def carry(item: Exported) -> dict[str, Json]:
    """All of an item that is not id, text or file, to the letter, for `restored`; what is empty is left out."""
    record = item.record
    out: dict[str, Json] = {
        "fields": None if record.fields is None else dict(record.fields),
        "answers": [dict(a) for a in item.answers],
        "flag": item.flag,
        "flag_note": item.flag_note,
        "suggestions": [dict(s) for s in record.suggestions],
        "extra": dict(record.extra),
    }
    kept = {k: v for k, v in out.items() if v or (k == "fields" and v is not None)}
    return {"v": _VERSION, **kept} if kept else {}


def marked(item: Exported) -> dict[str, Json]:
    """What `carry` gives, with the id, and which of text and file are absent: a field may have such a name."""
    record = item.record
    absent: list[Json] = [part for part in ("text", "file") if getattr(record, part) is None]
    return {"v": _VERSION, "id": record.id, **({"absent": absent} if absent else {}), **carry(item)}


def carried(value: Any) -> dict[str, Any] | None:
    """What `carry` made, checked; {} where there is none, None where it is something else.

    Raises:
        ValueError: it was ours and is damaged.
    """
    if value is None or value == "" or value == {}:
        return {}
    if not isinstance(value, dict) or value.get("v") != _VERSION:
        return None
    kinds: dict[str, type | tuple[type, ...]] = {
        "fields": dict,
        "answers": list,
        "flag": bool,
        "flag_note": str,
        "suggestions": list,
        "extra": dict,
        "exact": dict,
        "absent": list,
    }
    for key, kind in kinds.items():
        if key in value and not isinstance(value[key], kind):
            raise ValueError(f"the part 'querist' is damaged: {key!r} is {type(value[key]).__name__}")
    for answer in value.get("answers", ()):
        if not _is_answer(answer):
            raise ValueError(f"the part 'querist' is damaged: no answer is {shorten(repr(answer), 60)}")
    odd = [s for s in value.get("suggestions", ()) if not isinstance(s, dict)]
    odd += [part for part in value.get("absent", ()) if part not in ("text", "file")]
    if odd or not isinstance(value.get("id", ""), str):
        raise ValueError(f"the part 'querist' is damaged: {shorten(repr(odd[0] if odd else value.get('id')), 60)}")
    return value


def _is_answer(answer: Any) -> bool:
    """Whether it has the shape of an answer; whether it fits the project is for others to say."""
    if not isinstance(answer, dict) or answer.get("kind") not in _KINDS:
        return False
    value = answer.get("value")
    if answer["kind"] == "distribution":
        numbers = isinstance(value, dict) and all(type(share) in (int, float) for share in value.values())
        return numbers and _texts(answer)
    plain = value is None or isinstance(value, (str, int, float, list))
    return plain and _texts(answer) and isinstance(answer.get("counted", True), bool)


def _texts(answer: Mapping[str, Any]) -> bool:
    texts = all(answer.get(key) is None or isinstance(answer[key], str) for key in ("annotator", "at", "note"))
    return texts and all(answer.get(key) is None or type(answer[key]) in (int, float) for key in ("seconds", "weight"))


def restored(
    kept: Mapping[str, Any],
    *,
    id: Any,
    text: Any,
    file: Any,
    answers: Sequence[Mapping[str, Json]] | None = None,
) -> Record:
    """The record that `carry` told of.

    Args:
        kept: what `carried` gave.
        id: its id.
        text: its text.
        file: its file.
        answers: answers that stand in place of those kept: somebody changed them in the other program.

    Raises:
        ValueError: id, text or file is no text.
    """
    for what, value in (("id", id), ("text", text), ("file", file)):
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{what!r} must be text, got {shorten(repr(value), 60)}")
    return Record(
        id,
        text,
        file,
        kept.get("fields"),
        kept.get("answers", []) if answers is None else answers,
        kept.get("suggestions", []),
        kept.get("extra", {}),
        kept.get("flag", False),
        kept.get("flag_note"),
    )
