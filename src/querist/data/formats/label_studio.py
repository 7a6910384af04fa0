"""Label Studio's JSON: a list of tasks with annotations and predictions.

Label Studio counts places in a text in UTF-16 code units, querist in code points: both ways are translated. What it has
no place for travels in ``meta.querist`` of a task, which it keeps and does not show.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from querist.core.errors import DataError, shorten
from querist.core.types import Json
from querist.data.formats.answers import carried, is_spans, marked, restored, told
from querist.data.formats.exported import About, Exported, Losses, Lost, whole_file
from querist.data.formats.json_array import array_objects
from querist.data.formats.offsets import points, units
from querist.data.formats.reading import Reading, bad_row, check_text
from querist.data.formats.rows import TEXT_NAMES
from querist.data.record import Record

__all__ = ["read", "write"]

_UNSHOWN = "kept in meta.querist, which Label Studio does not show"
_KNOWN_RESULTS = ("choices", "labels", "number", "rating", "textarea")


def read(path: Path, reading: Reading) -> Iterator[Record]:
    """The tasks of a file, one by one.

    Raises:
        DataError: broken JSON, or a task without data (code ``BadRow``, with the line), a missing key of the data
            (``NoColumn``).
    """
    for line, task in array_objects(path, reading):
        try:
            yield _record(task, reading, path.name)
        except DataError:
            raise
        except ValueError as error:
            bad_row(reading, path.name, line, str(error), cause=error)


def _record(task: Mapping[str, Any], reading: Reading, name: str) -> Record:
    data = task.get("data")
    if not isinstance(data, dict):
        raise ValueError("a task needs an object 'data'")
    meta = task.get("meta")
    kept = carried(meta.get("querist")) if isinstance(meta, dict) and "querist" in meta else None
    annotations = _list(task.get("annotations", task.get("completions")), "annotations")
    if kept:
        return _ours(kept, data, annotations, reading)
    text_key = reading.text or next((k for k in TEXT_NAMES if isinstance(data.get(k), str)), None)
    if text_key is not None and not isinstance(data.get(text_key), str):
        raise DataError(
            f"{name}: the data of a task has no text {text_key!r}; it has: {shorten(', '.join(data), 200)}",
            code="NoColumn",
        )
    text = None if text_key is None else data[text_key]
    file_key = next((k for k in ("image", "img") if isinstance(data.get(k), str)), None)
    file = None if file_key is None else data[file_key]
    fault = check_text(reading, text)
    if fault:
        raise ValueError(fault)
    answers, others = _answers(annotations, text, reading)
    id = data.get(reading.id) if reading.id else task.get("id")
    rest = {k: v for k, v in data.items() if k not in (text_key, file_key, reading.id)}
    if others:
        rest["label_studio_results"] = others
    if isinstance(meta, dict) and meta:
        rest["meta"] = meta
    fields = None
    if text is None and file is None:
        fields, rest = {k: v for k, v in rest.items() if k in data}, {k: v for k, v in rest.items() if k not in data}
        if not fields:
            raise ValueError("its data has no text, no image and no other value")
    suggestions = _suggestions(_list(task.get("predictions"), "predictions"), text, reading)
    return Record(None if id is None else str(id), text, file, fields, answers, suggestions, rest)


def _ours(
    kept: Mapping[str, Any], data: Mapping[str, Any], annotations: Sequence[Mapping[str, Any]], reading: Reading
) -> Record:
    """A task that `write` wrote; annotations that were changed since stand in place of the answers."""
    absent = kept.get("absent", ())
    text, file = (None if part in absent else data.get(key) for part, key in (("text", "text"), ("file", "image")))
    for value in (text, file):
        if value is not None and not isinstance(value, str):
            raise ValueError(f"text and image must be texts, got {shorten(repr(value), 40)}")
    answers = kept.get("answers", [])
    if [_comparable(a) for a in _annotations(answers, text)] != [_comparable(a) for a in annotations]:
        answers, _ = _answers(annotations, text, reading)
    return restored(kept, id=kept.get("id"), text=text, file=file, answers=answers)


def _list(value: Any, key: str) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
        raise ValueError(f"{key!r} must be a list of objects, got {shorten(repr(value), 60)}")
    return value


def _answers(
    annotations: Sequence[Mapping[str, Any]], text: str | None, reading: Reading
) -> tuple[list[dict[str, Json]], list[Json]]:
    """Answers, and results of kinds that querist does not know."""
    out: list[dict[str, Json]] = []
    others: list[Json] = []
    for annotation in annotations:
        results = _list(annotation.get("result"), "result")
        others.extend(r for r in results if r.get("type") not in _KNOWN_RESULTS)
        answer: dict[str, Json]
        value, note = _value(results, text, reading)
        if annotation.get("was_cancelled"):
            answer = {"kind": "skip"}
        elif value is None:
            if results and not any(r.get("type") in _KNOWN_RESULTS for r in results):
                continue
            empty = reading.task in ("multi", "spans") or (reading.task is None and not results)
            answer = {"kind": "label", "value": []} if empty else {"kind": "skip"}
        else:
            answer = {"kind": "label", "value": value}
        by = annotation.get("completed_by")
        by = by.get("email") or by.get("id") if isinstance(by, dict) else by
        for key, found in (
            ("annotator", None if by is None else str(by)),
            ("at", annotation.get("created_at")),
            ("seconds", annotation.get("lead_time")),
            ("note", note),
        ):
            if found is not None:
                answer[key] = found
        out.append(answer)
    return out, others


def _value(results: Sequence[Mapping[str, Any]], text: str | None, reading: Reading) -> tuple[Json, str | None]:
    """What an annotation says, and its note; None where it says nothing that querist knows."""
    choices: list[str] | None = None
    spans: list[Json] | None = None
    number: float | None = None
    notes: list[str] = []
    for result in results:
        kind, value = result.get("type"), result.get("value")
        if kind not in _KNOWN_RESULTS:
            continue
        if not isinstance(value, dict):
            raise ValueError(f"a result needs an object 'value', got {shorten(repr(value), 60)}")
        if kind == "choices":
            choices = [*(choices or []), *map(str, _names(value, "choices"))]
        elif kind == "labels":
            spans = [*(spans or []), *_spans(value, text)]
        elif kind == "textarea":
            notes.extend(map(str, _names(value, "text")))
        else:
            found = value.get(kind)
            if isinstance(found, bool) or not isinstance(found, (int, float)):
                raise ValueError(f"a number is needed, got {shorten(repr(found), 60)}")
            number = float(found)
    note = "\n".join(notes) or None
    if spans is not None:
        return spans, note
    if choices is not None:
        one = len(choices) == 1 and reading.task != "multi"
        return choices[0] if one else list(choices), note
    return number, note


def _names(value: Mapping[str, Any], key: str) -> list[Any]:
    found = value.get(key)
    return found if isinstance(found, list) else [] if found is None else [found]


def _spans(value: Mapping[str, Any], text: str | None) -> list[Json]:
    start, end = value.get("start"), value.get("end")
    if not isinstance(start, int) or not isinstance(end, int) or text is None:
        raise ValueError(f"a span needs a text and whole numbers start and end, got {shorten(repr(value), 60)}")
    places = points(text, start), points(text, end)
    said = value.get("text")
    if isinstance(said, str) and text[slice(*places)] != said and text[start:end] == said:
        places = start, end  # written by a program that counts code points
    if not 0 <= places[0] <= places[1] <= len(text):
        raise ValueError(f"the span {start} to {end} lies outside of the text, which has {len(text)} letters")
    return [[*places, str(name)] for name in _names(value, "labels")]


def _suggestions(predictions: Sequence[Mapping[str, Any]], text: str | None, reading: Reading) -> list[dict[str, Json]]:
    out: list[dict[str, Json]] = []
    for prediction in predictions:
        value, _ = _value(_list(prediction.get("result"), "result"), text, reading)
        out.append({"value": value, "score": prediction.get("score"), "source": prediction.get("model_version")})
    return out


def write(items: Iterable[Exported], path: Path, about: About) -> list[Lost]:
    """Write tasks as a JSON array.

    Args:
        items: what to write; read once.
        path: the file; it appears whole or not at all.
        about: of the project.
    """
    losses = Losses()
    with whole_file(path) as file:
        file.write(b"[")
        for place, item in enumerate(items):
            task = json.dumps(_task(item, losses), ensure_ascii=False, allow_nan=False)
            file.write((b",\n" if place else b"\n") + task.encode())
        file.write(b"\n]\n")
    return losses.found()


def _task(item: Exported, losses: Losses) -> dict[str, Json]:
    record = item.record
    data: dict[str, Json] = {}
    meta: dict[str, Json] = {}
    extra = dict(record.extra)
    if isinstance(extra.get("meta"), Mapping):
        meta.update(extra.pop("meta"))
    data.update(extra)
    data.update(record.fields or {})
    if record.text is not None:
        data["text"] = record.text
    if record.file is not None:
        data["image"] = record.file
    meta["querist"] = marked(item)
    _count(item, losses)
    out: dict[str, Json] = {"data": data, "meta": meta, "annotations": _annotations(item.answers, record.text)}
    predictions = [_prediction(s, record.text) for s in record.suggestions]
    if predictions:
        out["predictions"] = predictions
    return out


def _count(item: Exported, losses: Losses) -> None:
    answers = told(item.answers)
    kinds = {a.get("kind") for a in answers}
    for kind, what, how in (
        ("distribution", "soft label", "written as its largest class; " + _UNSHOWN),
        ("reject", "rejection", "written as skipped; " + _UNSHOWN),
        ("verification", "yes or no to a guess", _UNSHOWN),
    ):
        if kind in kinds:
            losses.add(what, how)
    for key in ("note", "rationale"):
        if any(a.get(key) is not None for a in answers):
            losses.add(key, _UNSHOWN)
    if any("@" not in str(a.get("annotator", "@")) for a in answers):
        losses.add("name of the annotator (no e-mail address)", _UNSHOWN)
    if len(answers) < len(item.answers):
        losses.add("history", _UNSHOWN)
    if item.flag:
        losses.add("flag", _UNSHOWN)


def _annotations(answers: Sequence[Mapping[str, Json]], text: str | None) -> list[dict[str, Json]]:
    out: list[dict[str, Json]] = []
    for answer in told(answers):
        kind = answer.get("kind")
        annotation: dict[str, Json] = {"result": [], "was_cancelled": kind in ("skip", "reject")}
        if kind in ("label", "distribution"):
            annotation["result"] = _results(answer.get("value"), text)
        by = answer.get("annotator")
        if isinstance(by, str) and "@" in by:
            annotation["completed_by"] = {"email": by}
        if answer.get("at") is not None:
            annotation["created_at"] = answer["at"]
        if answer.get("seconds") is not None:
            annotation["lead_time"] = answer["seconds"]
        out.append(annotation)
    return out


def _results(value: Json, text: str | None) -> list[dict[str, Json]]:
    to = "text" if text is not None else "image"

    def result(place: int, kind: str, inner: dict[str, Json]) -> dict[str, Json]:
        return {"id": f"r{place}", "from_name": "label", "to_name": to, "type": kind, "value": inner}

    if isinstance(value, Mapping):
        return [result(0, "choices", {"choices": [max(value, key=lambda name: value[name])]})] if value else []
    if isinstance(value, str):
        return [result(0, "choices", {"choices": [value]})]
    if isinstance(value, (int, float)):
        return [result(0, "number", {"number": value})]
    if text is not None and is_spans(value):
        return [
            result(
                k,
                "labels",
                {"start": units(text, s), "end": units(text, e), "text": text[s:e], "labels": [name]},
            )
            for k, (s, e, name) in enumerate(value)
        ]
    return [result(0, "choices", {"choices": list(value)})] if value else []


def _prediction(suggestion: Mapping[str, Json], text: str | None) -> dict[str, Json]:
    out: dict[str, Json] = {"result": _results(suggestion.get("value"), text)}
    if suggestion.get("score") is not None:
        out["score"] = suggestion["score"]
    if suggestion.get("source") is not None:
        out["model_version"] = suggestion["source"]
    return out


def _comparable(annotation: Mapping[str, Any]) -> Json:
    """What an annotation says, without the names and numbers that Label Studio gives anew."""
    results = annotation.get("result")
    said = [[r.get("type"), r.get("value")] for r in results] if isinstance(results, list) else []
    return [bool(annotation.get("was_cancelled")), said]
