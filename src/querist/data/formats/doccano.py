"""doccano's JSONL: text with a list of class names, or of [start, end, class] in code points.

All of an item travels in the key ``querist``; doccano takes keys that it does not know as metadata and gives them back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from querist.core.errors import DataError, shorten
from querist.core.types import Json
from querist.data.formats.answers import carried, is_spans, marked, restored, told
from querist.data.formats.exported import About, Exported, Losses, Lost, whole_file
from querist.data.formats.jsonl import line_of
from querist.data.formats.reading import Reading, bad_row, check_text, json_lines
from querist.data.record import Record

__all__ = ["read", "write"]

_UNSHOWN = "kept in the key querist, which doccano shows as metadata"
_LABELS = ("label", "labels", "entities")


def read(path: Path, reading: Reading) -> Iterator[Record]:
    """The items of a file, one by one.

    Raises:
        DataError: a broken line, or labels that cannot be read (code ``BadRow``, with the line), nothing in the file
            (``EmptyPool``).
    """
    read_any = False
    for line, row in json_lines(path, reading):
        read_any = True
        try:
            record = _record(row, reading)
        except ValueError as error:
            bad_row(reading, path.name, line, str(error), cause=error)
            continue
        yield record
    if not read_any:
        raise DataError(f"the pool has 0 items: {path.name} is empty", code="EmptyPool")


def _record(row: Mapping[str, Any], reading: Reading) -> Record:
    key = reading.text or ("text" if "text" in row else "data")
    kept = carried(row.get("querist")) if "querist" in row else None
    text, file = row.get("text" if kept else key), row.get("filename")
    if kept:
        text, file = (None if part in kept.get("absent", ()) else v for part, v in (("text", text), ("file", file)))
    for what, value in (("text", text), ("filename", file)):
        if value is not None and not isinstance(value, str):
            raise ValueError(f"column 1: {what!r} must be text, got {shorten(repr(value), 40)}")
    if check_text(reading, text):
        raise ValueError(check_text(reading, text))
    label_key = reading.label or next((k for k in _LABELS if k in row), None)
    found = row.get(label_key) if label_key else None
    if kept:
        answers: Any = kept.get("answers", [])
        if found != _native(answers, text):
            value = _value(found, text, reading)
            answers = [] if value is None else [{"kind": "label", "value": value}]
        return restored(kept, id=kept.get("id"), text=text, file=file, answers=answers)
    if text is None and file is None:
        raise ValueError(f"column 1: no text {key!r}; the line has {shorten(', '.join(row), 100)}")
    value = _value(found, text, reading)
    id = row.get(reading.id or "id")
    extra = {k: v for k, v in row.items() if k not in (key, "filename", label_key, reading.id or "id")}
    answers = [] if value is None else [{"kind": "label", "value": value}]
    return Record(None if id is None else str(id), text, file, None, answers, (), extra)


def _value(found: Any, text: str | None, reading: Reading) -> Json:
    """The label; None where there is none: doccano writes an empty list for what nobody labelled."""
    if found is None or found == []:
        return None
    if isinstance(found, str):
        return [found] if reading.task == "multi" else found
    if isinstance(found, list) and all(isinstance(part, dict) and "start_offset" in part for part in found):
        found = [[part.get("start_offset"), part.get("end_offset"), part.get("label")] for part in found]
    if is_spans(found):
        outside = next((s for s in found if text is None or not 0 <= s[0] <= s[1] <= len(text)), None)
        if outside is not None:
            raise ValueError(f"column 1: the span {outside!r} lies outside of the text")
        return [list(span) for span in found]
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise ValueError(
            f"column 1: a list of classes or of [start, end, class] is needed, got {shorten(repr(found), 60)}"
        )
    if reading.task == "single" and len(found) > 1:
        raise ValueError(f"column 1: one class is needed, got {len(found)}: {shorten(repr(found), 60)}")
    return found[0] if len(found) == 1 and reading.task != "multi" else list(found)


def write(items: Iterable[Exported], path: Path, about: About) -> list[Lost]:
    """Write a line an item, with its last label.

    Args:
        items: what to write; read once.
        path: the file; it appears whole or not at all.
        about: of the project.
    """
    losses = Losses()
    with whole_file(path) as file:
        for item in items:
            record = item.record
            out: dict[str, Json] = {**record.extra, **(record.fields or {})}
            for key in (*_LABELS, "text", "filename", "id"):
                out.pop(key, None)
            out["id"] = record.id
            if record.text is not None:
                out["text"] = record.text
            if record.file is not None:
                out["filename"] = record.file
            out["label"] = _native(item.answers, record.text)
            out["querist"] = marked(item)
            file.write(line_of(out))
            _count(item, losses)
    return losses.found()


def _native(answers: Any, text: str | None) -> Json:
    labels = [a for a in told(answers) if a.get("kind") in ("label", "distribution")]
    value = labels[-1].get("value") if labels else None
    if isinstance(value, Mapping) and value:
        return [max(value, key=lambda name: value[name])]
    if isinstance(value, str):
        return [value]
    if isinstance(value, (list, tuple)):
        return [list(part) if isinstance(part, (list, tuple)) else part for part in value]
    return []


def _count(item: Exported, losses: Losses) -> None:
    answers = told(item.answers)
    kinds = {str(a.get("kind")) for a in answers}
    if "distribution" in kinds:
        losses.add("soft label", "written as its largest class; " + _UNSHOWN)
    for kind, what in (("skip", "skip"), ("reject", "rejection"), ("verification", "yes or no to a guess")):
        if kind in kinds:
            losses.add(what, _UNSHOWN)
    if any(isinstance(a.get("value"), (int, float)) and not isinstance(a.get("value"), bool) for a in answers):
        losses.add("number", _UNSHOWN)
    if len(answers) > 1:
        losses.add("answers of further annotators", _UNSHOWN)
    for key in ("annotator", "at", "note", "rationale", "seconds", "weight"):
        if any(a.get(key) is not None for a in answers):
            losses.add(key, _UNSHOWN)
    if item.record.suggestions:
        losses.add("suggestion", _UNSHOWN)
    if len(answers) < len(item.answers):
        losses.add("history", _UNSHOWN)
    if item.flag:
        losses.add("flag", _UNSHOWN)
