"""Projections of the labelling page: hand-outs, flags, settings, the class list, and answers that were taken back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from querist.core.types import AnswerKind
from querist.data.renaming import rename_class
from querist.storage.tallies import LabelCount

__all__ = ["FOLDS", "TABLES", "hand_out", "mark_told"]

TABLES = ("handed", "flag", "setting", "class")
"""The tables, in an order that foreign keys allow to fill."""

_Fold = Callable[[sqlite3.Connection, str, int, Mapping[str, Any]], None]


def hand_out(connection: sqlite3.Connection, stream: str, seq: int, payload: Mapping[str, Any]) -> None:
    """A lease of one item to one person; queries of sessions, which name no person, take no place."""
    if "user" not in payload:
        return
    if payload.get("replaces"):
        connection.execute(
            "UPDATE handed SET state = 'replaced' WHERE stream = ? AND query = ?", (stream, payload["replaces"])
        )
    connection.execute(
        "INSERT INTO handed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?, NULL, ?)",
        (
            stream,
            payload["query"],
            payload["items"][0],
            int(payload.get("place", 0)),
            payload["user"],
            payload.get("tab", ""),
            int(payload["turn"]),
            payload.get("role", "queue"),
            float(payload["until"]),
            payload.get("replaces"),
            seq,
        ),
    )


def mark_told(connection: sqlite3.Connection, stream: str, seq: int, payload: Mapping[str, Any]) -> None:
    """The lease of an answer is used up."""
    if "user" in payload:
        connection.execute(
            "UPDATE handed SET state = 'answered', told = ? WHERE stream = ? AND query = ?",
            (seq, stream, payload["query"]),
        )


def _returned(connection: sqlite3.Connection, stream: str, seq: int, payload: Mapping[str, Any]) -> None:
    _end_lease(connection, stream, payload["query"], "returned")
    for item in payload["items"]:
        connection.execute(
            "UPDATE item SET last_seq = ?, state = CASE state WHEN 'pending' THEN 'unlabelled' ELSE state END "
            "WHERE stream = ? AND id = ?",
            (seq, stream, item),
        )


def _undone(connection: sqlite3.Connection, stream: str, seq: int, payload: Mapping[str, Any]) -> None:
    connection.execute("UPDATE answer SET counted = 0 WHERE stream = ? AND seq = ?", (stream, int(payload["seq"])))
    _end_lease(connection, stream, payload["query"], "undone")
    for item in payload["items"]:
        _settle(connection, stream, seq, item)


def _end_lease(connection: sqlite3.Connection, stream: str, query: str, state: str) -> None:
    """The lease ends without an answer that counts; the one that it replaced counts again."""
    row = connection.execute("SELECT replaces FROM handed WHERE stream = ? AND query = ?", (stream, query)).fetchone()
    connection.execute("UPDATE handed SET state = ? WHERE stream = ? AND query = ?", (state, stream, query))
    if row is not None and row[0]:
        connection.execute(
            "UPDATE handed SET state = 'answered' WHERE stream = ? AND query = ? AND state = 'replaced'",
            (stream, row[0]),
        )


def _settle(connection: sqlite3.Connection, stream: str, seq: int, item: str) -> None:
    """An item's state from the answers that count, by the rules of the ledger."""
    state, value, answers = "unlabelled", None, 0
    rows = connection.execute(
        "SELECT kind, value FROM answer INDEXED BY answer_by_item "
        "WHERE stream = ? AND item = ? AND counted ORDER BY seq, place",
        (stream, item),
    ).fetchall()
    for kind, told in rows:
        answers += 1
        if kind in (AnswerKind.LABEL, AnswerKind.DISTRIBUTION):
            state, value = "labelled", told
        elif kind == AnswerKind.SKIP and state != "labelled":
            state = "skipped"
        elif kind == AnswerKind.REJECT:
            state, value = "rejected", None
    labels = LabelCount(connection, stream)
    labels.change(labels.of(item), value)
    labels.write()
    connection.execute(
        "UPDATE item SET state = ?, value = ?, answers = ?, last_seq = ? WHERE stream = ? AND id = ?",
        (state, value, answers, seq, stream, item),
    )


def _flagged(connection: sqlite3.Connection, stream: str, seq: int, payload: Mapping[str, Any]) -> None:
    connection.execute("DELETE FROM flag WHERE stream = ? AND item = ?", (stream, payload["item"]))
    if payload["flag"]:
        connection.execute(
            "INSERT INTO flag VALUES (?, ?, ?, ?, ?)",
            (stream, payload["item"], payload.get("user", "anonymous"), payload.get("note"), seq),
        )


def _configured(connection: sqlite3.Connection, stream: str, seq: int, payload: Mapping[str, Any]) -> None:
    for name, value in payload.items():
        connection.execute(
            "INSERT OR REPLACE INTO setting VALUES (?, ?, ?)", (stream, name, json.dumps(value, ensure_ascii=False))
        )


def _created(connection: sqlite3.Connection, stream: str, seq: int, payload: Mapping[str, Any]) -> None:
    schema = payload.get("schema")
    for name in schema.get("classes") or () if isinstance(schema, Mapping) else ():
        _class_added(connection, stream, seq, {"class": name})


def _class_added(connection: sqlite3.Connection, stream: str, seq: int, payload: Mapping[str, Any]) -> None:
    (place,) = connection.execute(
        "SELECT coalesce(max(place) + 1, 0) FROM class WHERE stream = ?", (stream,)
    ).fetchone()
    connection.execute("INSERT INTO class VALUES (?, ?, ?, ?)", (stream, place, payload["class"], seq))


def _class_renamed(connection: sqlite3.Connection, stream: str, seq: int, payload: Mapping[str, Any]) -> None:
    connection.execute(
        "UPDATE class SET name = ?, seq = ? WHERE stream = ? AND name = ?",
        (payload["to"], seq, stream, payload["class"]),
    )
    _rename(connection, stream, payload["class"], payload["to"])


def _class_merged(connection: sqlite3.Connection, stream: str, seq: int, payload: Mapping[str, Any]) -> None:
    connection.execute("DELETE FROM class WHERE stream = ? AND name = ?", (stream, payload["class"]))
    connection.execute("UPDATE class SET seq = ? WHERE stream = ? AND name = ?", (seq, stream, payload["into"]))
    _rename(connection, stream, payload["class"], payload["into"])


def _rename(connection: sqlite3.Connection, stream: str, old: str, new: str) -> None:
    """Answers and labels say the new name; the journal keeps what was said."""
    labels = LabelCount(connection, stream)
    part = json.dumps(old, ensure_ascii=False)
    for table, key in (("item", "id"), ("answer", "seq, place")):
        columns = key.split(", ")
        rows = connection.execute(
            f"SELECT {key}, value FROM {table} WHERE stream = ? AND instr(value, ?)",
            (stream, part),
        ).fetchall()
        where = " AND ".join(f"{c} = ?" for c in columns)
        renamed = [json.dumps(rename_class(json.loads(row[-1]), old, new), ensure_ascii=False) for row in rows]
        connection.executemany(
            f"UPDATE {table} SET value = ? WHERE stream = ? AND {where}",
            [(value, stream, *row[:-1]) for value, row in zip(renamed, rows, strict=True)],
        )
        for value, row in zip(renamed, rows, strict=True) if table == "item" else ():
            labels.change(row[-1], value)
    labels.write()


def _renewed(connection: sqlite3.Connection, stream: str, seq: int, payload: Mapping[str, Any]) -> None:
    connection.executemany(
        "UPDATE handed SET until = ? WHERE stream = ? AND query = ? AND state = 'open'",
        [(float(payload["until"]), stream, query) for query in payload["queries"]],
    )


def _pruned(connection: sqlite3.Connection, stream: str, seq: int, payload: Mapping[str, Any]) -> None:
    connection.executemany(
        "UPDATE model SET digest = NULL WHERE stream = ? AND digest = ?", [(stream, d) for d in payload["models"]]
    )


FOLDS: dict[str, _Fold] = {
    "created": _created,
    "returned": _returned,
    "undone": _undone,
    "renewed": _renewed,
    "pruned": _pruned,
    "flagged": _flagged,
    "configured": _configured,
    "class_added": _class_added,
    "class_renamed": _class_renamed,
    "class_merged": _class_merged,
}
