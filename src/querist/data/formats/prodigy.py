"""Prodigy's JSONL: a line an answer, with text, label, spans or options, and accept, reject or ignore.

Lines of one item that follow each other become one record. All of an item travels in the key ``querist`` of its first
line; Prodigy keeps keys that it does not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
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

_UNSHOWN = "kept in the key querist, which Prodigy does not show"
_SAID = ("label", "spans", "options", "accept", "answer")
_OURS = (*_SAID, "_annotator_id", "_timestamp", "querist")


def read(path: Path, reading: Reading) -> Iterator[Record]:
    """The items of a file, one by one, each with its answers.

    Raises:
        DataError: a broken line, or an answer that cannot be read (code ``BadRow``, with the line), a line without the
            text that is asked for (``BadRow``), nothing in the file (``EmptyPool``).
    """
    group: list[dict[str, Any]] = []
    began = 0
    read_any = False
    for line, row in json_lines(path, reading):
        read_any = True
        if group and _same(group[0], row):
            group.append(row)
            continue
        if group:
            yield from _given(group, began, reading, path.name)
        group, began = [row], line
    if not read_any:
        raise DataError(f"the pool has 0 items: {path.name} is empty", code="EmptyPool")
    yield from _given(group, began, reading, path.name)


def _same(first: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    mark, next_mark = first.get("querist"), row.get("querist")
    if isinstance(mark, dict) or isinstance(next_mark, dict):
        if not isinstance(mark, dict) or not isinstance(next_mark, dict) or "of" not in next_mark:
            return False
        return bool(next_mark["of"] == mark.get("id"))
    if first.get("_input_hash") is not None or row.get("_input_hash") is not None:
        return bool(first.get("_input_hash") == row.get("_input_hash"))
    return False


def _given(group: list[dict[str, Any]], line: int, reading: Reading, name: str) -> Iterator[Record]:
    try:
        record = _record(group, reading)
    except ValueError as error:
        bad_row(reading, name, line, str(error), cause=error)
        return
    yield record


def _record(group: Sequence[Mapping[str, Any]], reading: Reading) -> Record:
    first = group[0]
    kept = carried(first.get("querist")) if "querist" in first else None
    if kept:
        return _ours(kept, group, reading)
    key = reading.text or "text"
    text, file = first.get(key), first.get("image")
    if reading.text is not None and not isinstance(text, str):
        raise ValueError(f"column 1: the key {key!r} holds no text")
    for what, value in (("text", text), ("image", file)):
        if value is not None and not isinstance(value, str):
            raise ValueError(f"column 1: {what!r} must be text, got {shorten(repr(value), 40)}")
    if file is not None and file.startswith("data:"):
        raise ValueError("column 1: the image is packed into the line; write it to a file and name that")
    if check_text(reading, text):
        raise ValueError(check_text(reading, text))
    answers, suggestions = _answers(group, text, reading)
    id = first.get(reading.id or "id")
    extra = {k: v for k, v in first.items() if k not in (*_OURS, key, "image", reading.id or "id", "_session_id")}
    fields = None
    if text is None and file is None:
        fields = {k: v for k, v in extra.items() if not k.startswith("_") and k != "meta"}
        extra = {k: v for k, v in extra.items() if k not in fields}
        if not fields:
            raise ValueError("column 1: no text and no image")
    return Record(None if id is None else str(id), text, file, fields, answers, suggestions, extra)


def _ours(kept: Mapping[str, Any], group: Sequence[Mapping[str, Any]], reading: Reading) -> Record:
    """Lines that `write` wrote; what was changed since stands in place of the answers."""
    absent = kept.get("absent", ())
    text, file = (None if part in absent else group[0].get(key) for part, key in (("text", "text"), ("file", "image")))
    answers: Any = kept.get("answers", [])
    native = [_native(a, text, ()) for a in told(answers)] or [{}]
    compared = [key for key in _SAID if key != "options"]
    if [{k: row[k] for k in compared if k in row} for row in group] != [
        {k: n[k] for k in compared if k in n} for n in native
    ]:
        answers, _ = _answers(group, text, reading)
    return restored(kept, id=kept.get("id"), text=text, file=file, answers=answers)


def _answers(
    group: Sequence[Mapping[str, Any]], text: str | None, reading: Reading
) -> tuple[list[dict[str, Json]], list[dict[str, Json]]]:
    answers: list[dict[str, Json]] = []
    suggestions: list[dict[str, Json]] = []
    for row in group:
        said = row.get("answer")
        value = _value(row, text, reading)
        if said is None:
            if value is not None:
                suggestions.append({"value": value, "score": row.get("score"), "source": "prodigy"})
            continue
        answer: dict[str, Json]
        if said == "ignore":
            answer = {"kind": "skip"}
        elif said == "accept":
            if value is None:
                raise ValueError("column 1: accepted, and there is no label, no spans and no option")
            answer = {"kind": "label", "value": value}
        elif said == "reject":
            answer = {"kind": "reject"}
            if isinstance(row.get("label"), str):  # "is it this class?": no
                answer = {"kind": "verification", "value": False}
                suggestions.append({"value": value, "score": row.get("score"), "source": "prodigy"})
        else:
            raise ValueError(f"column 1: 'answer' must be accept, reject or ignore, got {shorten(repr(said), 40)}")
        by = row.get("_annotator_id") or row.get("_session_id")
        if by is not None:
            answer["annotator"] = str(by)
        stamp = row.get("_timestamp")
        if isinstance(stamp, (int, float)) and not isinstance(stamp, bool) and 0 < stamp < 1e11:
            answer["at"] = datetime.fromtimestamp(stamp, UTC).isoformat()
        answers.append(answer)
    return answers, suggestions


def _value(row: Mapping[str, Any], text: str | None, reading: Reading) -> Json:
    """What a line says, or None."""
    accept = row.get("accept")
    if isinstance(accept, list):
        names = [str(name) for name in accept]
        config = row.get("config")
        several = isinstance(config, dict) and config.get("choice_style") == "multiple"
        one = len(names) == 1 and reading.task != "multi" and not several
        return names[0] if one else names
    if isinstance(row.get("label"), str) and not (reading.task == "spans" and row.get("spans")):
        return [row["label"]] if reading.task == "multi" else row["label"]
    spans = row.get("spans")
    if not isinstance(spans, list):
        return None
    out: list[Json] = []
    for span in spans:
        start, end, name = (span.get(k) for k in ("start", "end", "label")) if isinstance(span, dict) else (0, 0, 0)
        if not isinstance(start, int) or not isinstance(end, int) or not isinstance(name, str):
            raise ValueError(f"column 1: a span needs start, end and label, got {shorten(repr(span), 60)}")
        if text is None or not 0 <= start <= end <= len(text):
            raise ValueError(f"column 1: the span {start} to {end} lies outside of the text")
        out.append([start, end, name])
    return out


def write(items: Iterable[Exported], path: Path, about: About) -> list[Lost]:
    """Write a line for each answer that counts, and one without an answer for an item that has none.

    Args:
        items: what to write; read once.
        path: the file; it appears whole or not at all.
        about: of the project; its classes become the options.
    """
    losses = Losses()
    with whole_file(path) as file:
        for item in items:
            record = item.record
            base: dict[str, Json] = {**record.extra, **(record.fields or {})}
            base = {k: v for k, v in base.items() if k not in _OURS}
            if record.text is not None:
                base["text"] = record.text
            if record.file is not None:
                base["image"] = record.file
            for place, native in enumerate(_lines(item, about)):
                mark = marked(item) if place == 0 else {"of": record.id}
                file.write(line_of({**base, **native, "querist": mark}))
            _count(item, losses)
    return losses.found()


def _lines(item: Exported, about: About) -> list[dict[str, Json]]:
    return [_native(a, item.record.text, about.classes) for a in told(item.answers)] or [{}]


def _native(answer: Mapping[str, Json], text: str | None, classes: tuple[str, ...]) -> dict[str, Json]:
    """An answer as Prodigy writes it."""
    out: dict[str, Json] = {}
    value = answer.get("value")
    kind = answer.get("kind")
    if kind == "distribution" and isinstance(value, Mapping) and value:
        out["label"] = max(value, key=lambda name: value[name])
    elif isinstance(value, str):
        out["label"] = value
    elif isinstance(value, (list, tuple)) and text is not None and is_spans(value):
        out["spans"] = [{"start": s, "end": e, "label": name} for s, e, name in value]
    elif isinstance(value, (list, tuple)):
        names = [*classes, *(v for v in value if v not in classes)]
        out["options"] = [{"id": name, "text": name} for name in names]
        out["accept"] = list(value)
    out["answer"] = {"skip": "ignore", "reject": "reject"}.get(str(kind), "accept")
    if kind == "verification":
        out["answer"] = "accept" if value else "reject"
    if answer.get("annotator") is not None:
        out["_annotator_id"] = answer["annotator"]
    stamp = _stamp(answer.get("at"))
    if stamp is not None:
        out["_timestamp"] = stamp
    return out


def _stamp(at: Json) -> int | None:
    try:
        return int(datetime.fromisoformat(str(at)).timestamp()) if at is not None else None
    except (ValueError, OverflowError):
        return None


def _count(item: Exported, losses: Losses) -> None:
    answers = told(item.answers)
    if any(a.get("kind") == "distribution" for a in answers):
        losses.add("soft label", "written as its largest class; " + _UNSHOWN)
    if any(isinstance(a.get("value"), (int, float)) and not isinstance(a.get("value"), bool) for a in answers):
        losses.add("number", _UNSHOWN)
    for key in ("note", "rationale", "seconds", "weight"):
        if any(a.get(key) is not None for a in answers):
            losses.add(key, _UNSHOWN)
    if item.record.suggestions:
        losses.add("suggestion", _UNSHOWN)
    if len(answers) < len(item.answers):
        losses.add("history", _UNSHOWN)
    if item.flag:
        losses.add("flag", _UNSHOWN)
