"""Tables folded from the events: items, answers, models and a stream's status.

They are written in the transaction of the event, hold nothing that the journal does not, and can be made anew from it
at any time. The rules are those of the ledger: an item that nobody was asked about has no row, an answer with a label
makes an item labelled whatever it was, a skip takes no label back, a reject does.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from querist.core.types import AnswerKind, Provenance
from querist.storage import labelling
from querist.storage.tallies import LabelCount

__all__ = ["TABLES", "TALLIES", "clear", "project"]

TABLES = ("item", "answer", "model", "status", *labelling.TABLES)
"""The projections, in an order that foreign keys allow to fill; empty them in the reverse order."""
TALLIES = ("tally", "class_tally", "answer_tally")
"""Counts of what is in the tables, kept with them (`querist.storage.tallies` and triggers)."""

_LABELS = (str(AnswerKind.LABEL), str(AnswerKind.DISTRIBUTION))

_STATUS = """
    INSERT INTO status (stream, last_seq) VALUES (:stream, :seq)
    ON CONFLICT (stream) DO UPDATE SET last_seq = excluded.last_seq
"""
_ASKED_ITEM = """
    INSERT INTO item (stream, id, state, last_seq) VALUES (?, ?, 'pending', ?)
    ON CONFLICT (stream, id) DO UPDATE
    SET state = CASE state WHEN 'unlabelled' THEN 'pending' ELSE state END, last_seq = excluded.last_seq
"""
_TOLD_ITEM = {
    "label": """
        INSERT INTO item (stream, id, state, value, answers, last_seq) VALUES (?, ?, 'labelled', ?, 1, ?)
        ON CONFLICT (stream, id) DO UPDATE
        SET state = 'labelled', value = excluded.value, answers = answers + 1, last_seq = excluded.last_seq
    """,
    "skip": """
        INSERT INTO item (stream, id, state, value, answers, last_seq) VALUES (?, ?, 'skipped', ?, 1, ?)
        ON CONFLICT (stream, id) DO UPDATE
        SET state = CASE state WHEN 'labelled' THEN state ELSE 'skipped' END,
            answers = answers + 1, last_seq = excluded.last_seq
    """,
    "reject": """
        INSERT INTO item (stream, id, state, value, answers, last_seq) VALUES (?, ?, 'rejected', ?, 1, ?)
        ON CONFLICT (stream, id) DO UPDATE
        SET state = 'rejected', value = NULL, answers = answers + 1, last_seq = excluded.last_seq
    """,
    "other": """
        INSERT INTO item (stream, id, state, value, answers, last_seq) VALUES (?, ?, 'unlabelled', ?, 1, ?)
        ON CONFLICT (stream, id) DO UPDATE SET answers = answers + 1, last_seq = excluded.last_seq
    """,
}


def project(connection: sqlite3.Connection, stream: str, seq: int, kind: str, payload: Mapping[str, Any]) -> None:
    """Take one event into the tables; the caller holds the transaction. Unknown kinds only move the status on."""
    connection.execute(_STATUS, {"stream": stream, "seq": seq})
    fold = _FOLDS.get(kind)
    if fold is not None:
        fold(connection, stream, seq, payload)


def clear(connection: sqlite3.Connection) -> None:
    """Empty the tables and tallies, those too that are wrong; the caller holds the transaction."""
    for table in (*reversed(TABLES), *TALLIES):
        connection.execute(f"DELETE FROM {table}")


def _asked(connection: sqlite3.Connection, stream: str, seq: int, payload: Mapping[str, Any]) -> None:
    connection.executemany(_ASKED_ITEM, [(stream, item, seq) for item in payload["items"]])
    labelling.hand_out(connection, stream, seq, payload)
    connection.execute(
        "UPDATE status SET turns = ?, stopped_rule = NULL, stopped_text = NULL WHERE stream = ?",
        (int(payload["turn"]) + 1, stream),
    )


def _told(connection: sqlite3.Connection, stream: str, seq: int, payload: Mapping[str, Any]) -> None:
    query = payload.get("query")
    cost, labels = 0.0, LabelCount(connection, stream)
    for place, answer in enumerate(payload["answers"]):
        kind = str(answer["kind"])
        value = json.dumps(answer["value"], ensure_ascii=False) if answer.get("value") is not None else None
        price = float(answer.get("cost", 1.0))
        cost += price
        rule = "label" if kind in _LABELS else kind if kind in _TOLD_ITEM else "other"
        shown = value if rule == "label" else None
        if rule in ("label", "reject"):  # nothing else changes a label
            labels.change(labels.of(answer["item"]), shown)
        connection.execute(_TOLD_ITEM[rule], (stream, answer["item"], shown, seq))
        connection.execute(
            "INSERT INTO answer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)",
            (
                stream,
                seq,
                place,
                answer["item"],
                kind,
                value,
                answer.get("annotator", "anonymous"),
                price,
                answer.get("provenance", str(Provenance.HUMAN)),
                query,
                answer.get("seconds"),
                payload.get("role"),
            ),
        )
    labels.write()
    labelling.mark_told(connection, stream, seq, payload)
    connection.execute(
        "UPDATE status SET answers = answers + ?, cost = cost + ? WHERE stream = ?",
        (len(payload["answers"]), cost, stream),
    )


def _fitted(connection: sqlite3.Connection, stream: str, seq: int, payload: Mapping[str, Any]) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO model (stream, round, digest, labels, cost, metrics, seq) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            stream,
            int(payload["round"]),
            payload["model"] or None,
            int(payload["labels"]),
            float(payload.get("cost", 0.0)),
            json.dumps(payload.get("metrics", {}), ensure_ascii=False),
            seq,
        ),
    )
    connection.execute("UPDATE status SET rounds = rounds + 1 WHERE stream = ?", (stream,))


def _stopped(connection: sqlite3.Connection, stream: str, seq: int, payload: Mapping[str, Any]) -> None:
    connection.execute(
        "UPDATE status SET stopped_rule = ?, stopped_text = ? WHERE stream = ?",
        (payload["rule"], payload["text"], stream),
    )


_FOLDS: dict[str, Callable[[sqlite3.Connection, str, int, Mapping[str, Any]], None]] = {
    "asked": _asked,
    "told": _told,
    "fitted": _fitted,
    "stopped": _stopped,
    **labelling.FOLDS,
}
