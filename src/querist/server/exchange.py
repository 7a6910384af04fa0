"""Labels out and items in: the project's items with their answers as writers take them, and files as records."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from querist.core.errors import DataError, QueristError, shorten, shorten_path
from querist.core.types import Json
from querist.data.formats import SUFFIXES, read_records, write_records
from querist.data.formats.exported import About, Exported, Lost
from querist.data.formats.reading import Reading
from querist.data.item_store import ItemStore
from querist.data.record import Record, StoredItem, content_id
from querist.server.bring import Brought, bring, classes_in, understood
from querist.server.changes import STREAM
from querist.server.guess import Guess, guess
from querist.server.logs import line
from querist.server.project import JOURNAL, Project
from querist.server.task import Task
from querist.storage.audit import Audit
from querist.storage.connection import reader

__all__ = ["Checked", "LeftOut", "Taken", "check_file", "exported", "hand_out", "import_file", "write_export"]

_PIECE = 1_000
_MOST_BYTES = 50 << 20
_LONGEST_TEXT = 1 << 20
_MOST_ROWS = 100
_MOST_CLASSES = 1_000
_KEPT = ("rationale", "note", "seconds", "shown", "cost", "provenance", "at", "weight")


class LeftOut:
    """What of a file is not understood: how much, and the first hundred places with the reason of each.

    Args:
        path: of the file; its ending says what a place is called.
    """

    def __init__(self, path: Path) -> None:
        self._unit = "row" if path.suffix.lower() in (".parquet", ".json") else "line"
        self.clear()

    def clear(self) -> None:
        """Forget all, before the file is read again."""
        self.count, self.told = 0, list[tuple[str, str]]()
        self._lines = 0

    def line(self, number: int, why: str) -> None:
        """A line that is none of the format."""
        self._lines += 1
        self._add(f"{self._unit} {number}", why)

    def record(self, place: int, why: str) -> None:
        """A record that the project cannot take; those that could not be read count too, so that it is found again."""
        self._add(f"record {place + self._lines}", why)

    def shown(self) -> dict[str, Any]:
        """As the routes say it."""
        return {"left_out": self.count, "rows": [{"at": at, "why": why} for at, why in self.told]}

    def _add(self, at: str, why: str) -> None:
        self.count += 1
        if len(self.told) < _MOST_ROWS:
            self.told.append((at, shorten(why, 300)))


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import did: what was taken, sentences worth the user's eye, and what was left out."""

    brought: Brought
    notes: tuple[str, ...]
    rows: LeftOut

    def shown(self) -> dict[str, Any]:
        """As the routes say it."""
        return {**asdict(self.brought), "notes": self.notes, **self.rows.shown()}


@dataclass(frozen=True, slots=True)
class Checked:
    """What an import would do: new and known items, answers, classes that the project does not have, and the rest."""

    items: int
    known: int
    answers: int
    classes: tuple[str, ...]
    notes: tuple[str, ...]
    rows: LeftOut

    def shown(self) -> dict[str, Any]:
        """As the routes say it."""
        counts = {part: getattr(self, part) for part in ("items", "known", "answers", "classes", "notes")}
        return {**counts, **self.rows.shown()}


class Contents(Protocol):
    """What an export reads of a project beside its journal."""

    @property
    def items(self) -> ItemStore:
        """The contents."""


def exported(connection: sqlite3.Connection, project: Contents, *, everything: bool) -> Iterator[Exported]:
    """The items in order of rows, each with its answers; without ``everything`` only those that somebody answered.

    Args:
        connection: a reader of the journal; no transaction stays open between pieces.
        project: whose contents are read.
        everything: also items without an answer.
    """
    if everything:
        for piece in project.items.batches(_PIECE):
            yield from _with_answers(connection, piece)
        return
    ids = [
        row[0]
        for row in connection.execute(
            "SELECT DISTINCT item FROM answer WHERE stream = ? UNION SELECT json_extract(payload, '$.answers[0].item') "
            "FROM event INDEXED BY event_late WHERE stream = ? AND kind = 'late'",
            (STREAM, STREAM),
        )
    ]
    rows = sorted(project.items.row_of(id) for id in ids)
    for start in range(0, len(rows), _PIECE):
        yield from _with_answers(connection, project.items.at(rows[start : start + _PIECE]))


def _with_answers(connection: sqlite3.Connection, items: list[StoredItem]) -> Iterator[Exported]:
    wanted = json.dumps([item.id for item in items])
    inside = "(SELECT value FROM json_each(?))"
    states = dict(
        connection.execute(
            f"SELECT id, state FROM item WHERE stream = ? AND id IN {inside}", (STREAM, wanted)
        ).fetchall()
    )
    flags = dict(
        connection.execute(
            f"SELECT item, note FROM flag WHERE stream = ? AND item IN {inside}", (STREAM, wanted)
        ).fetchall()
    )
    answers: dict[str, list[tuple[int, dict[str, Json]]]] = {}
    rows = connection.execute(
        "SELECT item, seq, place, kind, value, annotator, counted FROM answer INDEXED BY answer_by_item "
        f"WHERE stream = ? AND item IN {inside} ORDER BY seq, place",
        (STREAM, wanted),
    ).fetchall()
    events = {
        seq: (json.loads(payload)["answers"], at)  # an import tells many answers in one event: it is read once
        for seq, payload, at in connection.execute(
            f"SELECT seq, payload, at FROM event WHERE stream = ? AND seq IN {inside}",
            (STREAM, json.dumps(sorted({row[1] for row in rows}))),
        )
    }
    for id, seq, place, kind, value, person, counted in rows:
        answers_then, at = events[seq]
        told = answers_then[place]
        answer = {
            "kind": kind,
            "annotator": person,
            "at": datetime.fromtimestamp(at, UTC).isoformat(),
            **{k: told[k] for k in _KEPT if k in told},
        }
        if value is not None:
            answer["value"] = json.loads(value)  # under the name that the class has now
        if not counted:
            answer["counted"] = False
        answers.setdefault(id, []).append((seq, answer))
    late = connection.execute(
        "SELECT json_extract(payload, '$.answers[0].item'), seq, payload, at FROM event INDEXED BY event_late "
        "WHERE stream = ? AND kind = 'late' "
        f"AND json_extract(payload, '$.answers[0].item') IN {inside} ORDER BY seq",
        (STREAM, wanted),
    ).fetchall()
    for id, seq, payload, at in late:
        told = {**json.loads(payload)["answers"][0], "at": at, "counted": False}
        answers.setdefault(id, []).append((seq, {k: v for k, v in told.items() if k != "item"}))
    for item in items:
        state = states.get(item.id, "unlabelled")
        told_here = [answer for _, answer in sorted(answers.get(item.id, ()), key=lambda pair: pair[0])]
        yield Exported(item, told_here, state, item.id in flags, flags.get(item.id))


def write_export(
    connection: sqlite3.Connection, project: Project, task: Task, format: str, path: Path, *, everything: bool
) -> tuple[str, list[Lost]]:
    """Write the labels to ``path``; a format that is a folder is packed.

    Returns:
        The name that the file should have, and what the format has no place for.
    """
    kind: Any = task.kind
    about = About(kind, task.classes, task.low, task.high, project.root)
    items = exported(connection, project, everything=everything)
    name = _plain(project.name) if format in ("csv", "jsonl", "parquet") else f"{_plain(project.name)}-{format}"
    if SUFFIXES[format]:
        return name + SUFFIXES[format], write_records(format, items, path, about)
    folder = path.with_name(f"{path.name}-folder")
    try:
        lost = write_records(format, items, folder, about)
        packed = shutil.make_archive(f"{path}-packed", "zip", folder)
        Path(packed).replace(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return f"{name}.zip", lost


def hand_out(project: Project, user: str, format: str, path: Path, *, everything: bool) -> tuple[str, list[str]]:
    """`write_export`, and who took the labels into the audit trail and the log; what is lost comes in words."""
    with reader(project.folder / JOURNAL, check=False) as connection:
        task = project.changes.task(connection)
        name, lost = write_export(connection, project, task, format, path, everything=everything)
    Audit(project.folder).add("export", user, "page", format=format, all=everything)
    line("exported", format=format, losses=len(lost))
    return name, [str(one) for one in lost]


def _plain(name: str) -> str:
    """A file name of plain letters."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in Path(name).stem)
    return (plain.strip("_") or "labels")[:60]


def import_file(
    project: Project, task: Task, path: Path, name: str, *, skip_bad: bool = False, new_classes: bool = False
) -> Taken:
    """Take the items and answers of a file in, all or none; items that are known stay as they are.

    Args:
        project: open for writing.
        task: what it asks.
        path: the file.
        name: how the user calls it.
        skip_bad: leave out what is not understood, and say so row by row; else the first such row refuses the file.
        new_classes: add classes that the project does not have.

    Raises:
        DataError: it cannot be read, or holds another kind of items (code ``OtherKind``).
        UnknownNameError: an answer names a class that the project does not have (code ``UnknownLabel``).
    """
    rows = LeftOut(path)

    def records() -> Iterator[Record]:
        rows.clear()  # the file is read twice
        read = read_records(found.format, path, _reading(found, rows.line if skip_bad else None))
        return understood(read, project.modality, task, rows.record, new_classes=new_classes) if skip_bad else read

    with _called(path, name):
        found = _found(project, task, path, name, skip_bad)
        return Taken(bring(project, records, name, new_classes=new_classes), tuple(found.notes), rows)


def check_file(project: Project, task: Task, path: Path, name: str, *, new_classes: bool = False) -> Checked:
    """Read a file as an import would, and take nothing.

    Raises:
        DataError: it cannot be read at all, or holds another kind of items (code ``OtherKind``).
    """
    with _called(path, name):
        return _checked(project, task, path, name, new_classes)


@contextmanager
def _called(path: Path, name: str) -> Iterator[None]:
    """Errors call the file as its sender does: where it lies meanwhile is nobody's business."""
    try:
        yield
    except QueristError as error:
        text = str(error)
        for shown in (str(path), shorten_path(path), path.name):
            text = text.replace(shown, name)
        raise type(error)(text, code=error.code) from error


def _checked(project: Project, task: Task, path: Path, name: str, new_classes: bool) -> Checked:
    rows = LeftOut(path)
    found = _found(project, task, path, name, True)
    fresh: dict[str, None] = {}

    def named(records: Iterator[Record]) -> Iterator[Record]:
        for record in records:
            if len(fresh) < _MOST_CLASSES:
                fresh.update(dict.fromkeys(c for c in classes_in(record, task) if c not in task.classes))
            yield record

    read = named(read_records(found.format, path, _reading(found, rows.line)))
    good = understood(read, project.modality, task, rows.record, new_classes=new_classes)
    seen: set[str] = set()
    items = known = answers = 0
    for record in good:
        id = content_id(record) if record.id is None else record.id
        there = id in seen or id in project.items
        items, known = items + (not there), known + there
        seen.add(id)
        answers += sum(1 for label in record.labels if label.get("counted", True))
    return Checked(items, known, answers, tuple(fresh), tuple(found.notes), rows)


def _found(project: Project, task: Task, path: Path, name: str, lenient: bool) -> Guess:
    kind: Any = task.kind
    found = guess(path, task=kind, most_bytes=_MOST_BYTES, bad=(lambda line, why: None) if lenient else None)
    if found.modality is not None and found.modality != project.modality:
        raise DataError(
            f"{name} holds items of the kind {found.modality}, and this project is of the kind {project.modality}",
            code="OtherKind",
        )
    return found


def _reading(found: Guess, bad: Callable[[int, str], None] | None) -> Reading:
    return replace(found.reading(bad), most_bytes=_MOST_BYTES, longest=_LONGEST_TEXT)
