"""JSONL: an object a line; what querist writes itself comes back to the letter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from querist.core.errors import DataError
from querist.core.types import Json
from querist.data.formats.answers import answer_of, carried, carry, current, restored
from querist.data.formats.exported import About, Exported, Lost, whole_file
from querist.data.formats.reading import Reading, bad_row, json_lines
from querist.data.formats.rows import KEPT, LABEL_NAMES, Roles, record_of
from querist.data.record import Record

__all__ = ["line_of", "read", "write"]


def read(path: Path, reading: Reading) -> Iterator[Record]:
    """The records of a JSONL file (.gz too). A text goes by the usual names, or by the one that is asked for.

    Raises:
        DataError: a broken line (code ``BadRow``, with line and column), a missing key (``NoColumn``), not UTF-8
            (``BadEncoding``), no line at all (``EmptyPool``).
    """
    roles: Roles | None = None
    read_any = False
    for line, row in json_lines(path, reading):
        read_any = True
        try:
            record = _ours(row, reading) if KEPT in row else None
            if record is None:
                roles = Roles.of(list(row), reading, path.name) if roles is None else _widened(roles, row)
                record = record_of(row, roles, reading, cells=False)
        except DataError:
            raise
        except ValueError as error:
            bad_row(reading, path.name, line, str(error), cause=error)
            continue
        yield record
    if not read_any:
        raise DataError(f"the pool has 0 items: {path.name} is empty", code="EmptyPool")


def _widened(roles: Roles, row: Mapping[str, Any]) -> Roles:
    """The same roles for a row that has other keys besides; a label may come late."""
    known = {*roles.rest, roles.text, roles.id, roles.label, roles.file}
    new = tuple(key for key in row if key not in known)
    if not new:
        return roles
    label = roles.label or next((key for key in new if key.lower() in LABEL_NAMES), None)
    rest = (*roles.rest, *(key for key in new if key != label))
    return Roles(roles.text, roles.id, label, roles.file, rest)


def write(items: Iterable[Exported], path: Path, about: About) -> list[Lost]:
    """Write a JSONL file; nothing is lost.

    Args:
        items: what to write; read once.
        path: the file; it appears whole or not at all.
        about: of the project.
    """
    with whole_file(path) as file:
        for item in items:
            file.write(line_of(_object(item)))
    return []


def line_of(value: Mapping[str, Json]) -> bytes:
    """A JSON object as a line of UTF-8."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def _object(item: Exported) -> dict[str, Json]:
    record = item.record
    out: dict[str, Json] = {"id": record.id}
    for part in ("text", "file"):
        if getattr(record, part) is not None:
            out[part] = getattr(record, part)
    if record.fields is not None:
        out["fields"] = dict(record.fields)
    label = current(item.answers)
    if label is not None:
        out["label"] = label
    out["state"] = item.state
    kept = carry(item)
    out.update({k: v for k, v in kept.items() if k not in ("v", "fields")})
    out[KEPT] = 1
    return out


def _ours(row: Mapping[str, Any], reading: Reading) -> Record | None:
    """The record of a line that `write` wrote; a label that was changed since stands in place of the answers.

    Raises:
        ValueError: it is damaged.
    """
    if row[KEPT] != 1 or isinstance(row[KEPT], bool):
        return None
    kept = carried({"v": 1, **{k: row[k] for k in row if k not in ("v", KEPT)}}) or {}
    answers = None
    if row.get("label") != current(kept.get("answers", [])):
        answer = answer_of(row.get("label"), reading)
        answers = [] if answer is None else [answer]
    for part in ("id", "text", "file"):
        if row.get(part) is not None and not isinstance(row[part], str):
            raise ValueError(f"{part!r} must be text, got {type(row[part]).__name__}")
    return restored(kept, id=row.get("id"), text=row.get("text"), file=row.get("file"), answers=answers)
