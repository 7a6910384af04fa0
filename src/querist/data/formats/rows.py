"""A row of named values becomes a record, and back: what CSV, JSONL, Parquet and datasets share."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from querist.core.errors import DataError, nearest, shorten
from querist.core.types import Json
from querist.data.formats.answers import (
    answer_of,
    carried,
    carry,
    cell_value,
    current,
    latest,
    restored,
)
from querist.data.formats.exported import Exported
from querist.data.formats.reading import Reading, check_text
from querist.data.record import Record

__all__ = [
    "KEPT",
    "LABEL_NAMES",
    "TEXT_NAMES",
    "Layout",
    "Roles",
    "label_cell",
    "ours",
    "record_of",
]

TEXT_NAMES = ("text", "sentence", "content", "review", "document")
LABEL_NAMES = ("label", "labels", "target", "class", "y")
ID_NAMES = ("id", "item_id", "uid")
FILE_NAMES = ("file", "image", "filename", "file_name", "image_path", "path")
KEPT = "querist"
"""Column of what other programs need not understand: all of an item, to the letter."""
_ANSWER = ("label", "state", "annotator", "at", "seconds", "note", "flag")
_PLAIN = ("id", "text", "file")
_LOOKED_AT = 1_000
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class Roles:
    """Which column of a file is what.

    Args:
        text: the text, or None.
        id: the id, or None.
        label: the label, or None.
        file: the image file, or None.
        rest: all others, in order.
    """

    text: str | None
    id: str | None
    label: str | None
    file: str | None
    rest: tuple[str, ...]

    @classmethod
    def of(cls, columns: Sequence[str], reading: Reading, name: str) -> Roles:
        """The roles of ``columns``: those asked for, else those of the usual names.

        Raises:
            DataError: a column that is asked for is not there (code ``NoColumn``, with those found).
        """
        asked = [c for c in (reading.text, reading.id, reading.label, reading.file, *(reading.features or ())) if c]
        for wanted in asked:
            if wanted not in columns:
                near = nearest(wanted, columns)
                raise DataError(
                    f"{name} has no column {wanted!r}; it has: {shorten(', '.join(columns), 200) or 'none'}"
                    + (f". Did you mean {near[0]!r}?" if near else ""),
                    code="NoColumn",
                )
        used = set(asked)

        def usual(names: Iterable[str], given: str | None) -> str | None:
            if given is not None:
                return given or None
            by_lower = {c.lower(): c for c in columns if c not in used}
            found = next((by_lower[n] for n in names if n in by_lower), None)
            if found is not None:
                used.add(found)
            return found

        id, label = usual(ID_NAMES, reading.id), usual(LABEL_NAMES, reading.label)
        no_text = reading.text is None and (reading.features or reading.file)
        text = None if no_text else usual(TEXT_NAMES, reading.text)
        file = reading.file or (None if text is not None or reading.features else usual(FILE_NAMES, None))
        taken = {id, label, text, file}
        return cls(text, id, label, file, tuple(c for c in columns if c not in taken))


def record_of(row: Mapping[str, Any], roles: Roles, reading: Reading, *, cells: bool) -> Record:
    """The record of a row.

    Args:
        row: values by column.
        roles: which column is what.
        reading: how labels are read, which columns are fields.
        cells: values are texts of a table, in which numbers and lists are spelled.

    Raises:
        ValueError: what is wrong with the row.
    """
    text = _text(row, roles.text, "text")
    file = _text(row, roles.file, "file")
    fault = check_text(reading, text)
    if fault:
        raise ValueError(fault)
    id = row.get(roles.id) if roles.id else None
    if roles.id and (isinstance(id, (bool, float)) or not isinstance(id, (str, int)) or id == ""):
        raise ValueError(f"column {roles.id!r} must be a text or a whole number, got {shorten(repr(id), 40)}")
    value = row.get(roles.label) if roles.label else None
    if cells and isinstance(value, str) and value.strip():
        value = cell_value(value, reading)
    answer = answer_of(value, reading)
    rest = {c: row[c] for c in roles.rest if c in row}
    if reading.features is not None:
        fields = {c: _plain(rest.pop(c, None), cells) for c in reading.features}
    elif text is None and file is None:
        fields, rest = {c: _plain(v, cells) for c, v in rest.items()}, {}
    else:
        fields = {}
    if text is None and file is None and not fields:
        raise ValueError("no text, no file and no other value")
    answers = [] if answer is None else [answer]
    return Record(None if id is None else str(id), text, file, fields or None, answers, (), rest)


def _text(row: Mapping[str, Any], column: str | None, what: str) -> str | None:
    if column is None:
        return None
    value = row.get(column)
    if not isinstance(value, str):
        raise ValueError(f"column {column!r} holds no {what} but {type(value).__name__} {shorten(repr(value), 40)}")
    return value


def _plain(value: Any, cells: bool) -> Json:
    """A cell of a table of values as a number where it spells one, None where it is empty."""
    if not cells or not isinstance(value, str):
        return value
    if not value.strip():
        return None
    bare = value.strip()
    if _WHOLE.fullmatch(bare):
        return int(bare)
    number = float(bare) if _DECIMAL.fullmatch(bare) else math.inf
    return number if math.isfinite(number) else value


def label_cell(value: Json) -> str:
    """How a label stands in a cell: a class as it is, a number in digits, all else as JSON.

    >>> label_cell("cat"), label_cell(3.0), label_cell(["a", "b"]), label_cell(None)
    ('cat', '3.0', '["a","b"]', '')
    """
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Layout:
    """The columns of a table of exported items: id, text, file, then fields and extra, then the answer.

    Args:
        first: the first items, which show which fields there are.
    """

    def __init__(self, first: Sequence[Exported]) -> None:
        fields: dict[str, None] = {}
        extra: dict[str, None] = {}
        for item in first[:_LOOKED_AT]:
            fields.update(dict.fromkeys(item.record.fields or ()))
            extra.update(dict.fromkeys(item.record.extra))
        used = {*_PLAIN, *_ANSWER, KEPT}
        self.more: list[tuple[str, str, str]] = []
        for kind, names in (("fields", fields), ("extra", extra)):
            for name in names:
                column = name or "unnamed"
                while column in used:
                    column += "_"
                used.add(column)
                self.more.append((column, kind, name))
        has_file = any(item.record.file is not None for item in first[:_LOOKED_AT])
        has_text = any(item.record.text is not None for item in first[:_LOOKED_AT]) or not has_file
        # A text or file that comes later in a table without such a column is kept in the column of the exact values.
        self.plain = ("id", *(("text",) if has_text else ()), *(("file",) if has_file else ()))
        self.columns = [*self.plain, *(column for column, _, _ in self.more), *_ANSWER, KEPT]

    def row(self, item: Exported) -> tuple[dict[str, Any], dict[str, Json]]:
        """Values by column, and the exact part that belongs into the column ``querist``."""
        record = item.record
        last = latest(item.answers) or {}
        out: dict[str, Any] = {"id": record.id, "text": record.text, "file": record.file}
        for column, kind, name in self.more:
            out[column] = (getattr(record, kind) or {}).get(name)
        out["label"] = label_cell(current(item.answers))
        out["state"] = item.state
        for key in ("annotator", "at", "seconds", "note"):
            out[key] = last.get(key)
        out["flag"] = "yes" if item.flag else None
        kept = carry(item)
        left = {p: out[p] for p in ("text", "file") if p not in self.plain and out[p] is not None}
        # A text that is not there is no empty text, which is how a cell would read.
        left |= {p: None for p in self.plain if out[p] is None}
        if left:
            kept = {"v": 1, **kept, "exact": left}
        return {c: out[c] for c in self.columns if c != KEPT}, kept


def ours(row: Mapping[str, Any], kept: Any, reading: Reading) -> Record | None:
    """The record of a row that `Layout` wrote, or None when another program wrote it.

    A label that was changed since stands in place of the answers.

    Args:
        row: values by column.
        kept: the parsed column ``querist``.
        reading: how a changed label is read.

    Raises:
        ValueError: the exact part is damaged.
    """
    exact_part = carried(kept)
    if exact_part is None:
        return None
    values: dict[str, Any] = {p: row.get(p) for p in _PLAIN}
    exact = exact_part.get("exact", {})
    cell = row.get("label")
    for key, value in exact.items():
        if key in _PLAIN:
            values[key] = value
    answers = exact_part.get("answers", [])
    written = label_cell(current(answers))
    changed: list[dict[str, Json]] | None = None
    if cell is not None and cell != exact.get("label_cell", written):
        answer = answer_of(cell_value(str(cell), reading) if str(cell).strip() else None, reading)
        changed = [] if answer is None else [answer]
    return restored(exact_part, id=values["id"], text=values["text"], file=values["file"], answers=changed)
