"""Labels out: the project's items with their answers as writers take them."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from querist.core.types import Json
from querist.data.formats import SUFFIXES, write_records
from querist.data.formats.exported import About, Exported, Lost
from querist.data.item_store import ItemStore
from querist.data.record import StoredItem
from querist.server.changes import STREAM
from querist.server.logs import line
from querist.server.project import JOURNAL, Project
from querist.server.task import Task
from querist.storage.audit import Audit
from querist.storage.connection import reader

__all__ = ["exported", "hand_out", "write_export"]

_PIECE = 1_000
_KEPT = ("rationale", "note", "seconds", "shown", "cost", "provenance", "at", "weight")


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
