"""Pages of items for people to look through: the journal's state joined to the contents, never all of it in memory.

Which rows have a state, a label or a flag is known in memory (`ItemIndex`), so that a page of a million items comes
quickly whatever it asks for; only a text is searched for. The connection can only read, and sees both files.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from querist.core.types import Json
from querist.data.sqlite_errors import named
from querist.server.changes import STREAM
from querist.server.cursor import read_cursor, write_cursor
from querist.server.item_index import ItemIndex
from querist.server.plain import in_words
from querist.server.wire import ItemsQuery
from querist.storage.connection import open_reader

__all__ = ["Listing", "Row"]

Row = dict[str, Any]
_COLUMNS = (
    "c.row, c.id, c.text, c.file, c.fields, coalesce(j.state, 'unlabelled'), j.value, "
    "EXISTS (SELECT 1 FROM flag f WHERE f.stream = :stream AND f.item = c.id), g.shares"
)
_GUESSED = "json_extract(g.shares, '$[0][1]')"
"""Of one class an item: the share of the most probable; NULL for a number, of which no doubt is known."""
_GUESSED_SEVERAL = "(SELECT min(abs(json_extract(s.value, '$[1]') - 0.5)) FROM json_each(g.shares) s)"
"""Of several classes: how far the least decided one is from a coin's toss."""
_PLACES = ("text", "fields", "file", "id")
_ESCAPES = str.maketrans({"%": "\\%", "_": "\\_", "\\": "\\\\"})
_SEARCHED = 2_000
"""Rows of a filter that are looked through for a text at a time."""
_DONE_BY = (
    "SELECT a.annotator, e.at FROM answer a INDEXED BY answer_by_item "
    "CROSS JOIN event e ON e.stream = a.stream AND e.seq = a.seq "
    "WHERE a.stream = ? AND a.item = ? AND a.counted ORDER BY a.seq DESC LIMIT 1"
)
_TOUCHED = """
    SELECT seq FROM (
        SELECT seq FROM handed INDEXED BY handed_item WHERE stream = :s AND item = :i
        UNION SELECT told FROM handed INDEXED BY handed_item WHERE stream = :s AND item = :i
        UNION SELECT seq FROM answer INDEXED BY answer_by_item WHERE stream = :s AND item = :i
        UNION SELECT seq FROM flag WHERE stream = :s AND item = :i
        UNION SELECT last_seq FROM item WHERE stream = :s AND id = :i
        UNION SELECT seq FROM event INDEXED BY event_late
        WHERE stream = :s AND kind = 'late' AND json_extract(payload, '$.answers[0].item') = :i
    ) WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT :most
"""
_HISTORY_KINDS = ("asked", "told", "late", "returned", "undone", "flagged")


class Listing:
    """Reads both files of a project.

    Args:
        journal: journal.db.
        items: items.db.
        secret: signs the cursors.
    """

    def __init__(self, journal: Path, items: Path, secret: bytes) -> None:
        self._path, self._items, self._secret = journal, items, secret
        self._lock, self._warming = threading.Lock(), threading.Lock()
        self._index = ItemIndex()
        self._connection = self._connected()

    def _connected(self) -> sqlite3.Connection:
        connection = open_reader(self._path, check=False)
        with named(self._items):
            connection.execute("ATTACH DATABASE ? AS contents", (f"{self._items.absolute().as_uri()}?mode=ro",))
        return connection

    def warm(self) -> None:
        """Read what a filter needs of all items, beside pages that need it not."""
        with self._warming:
            if self._index.seq:
                return
            index, connection = ItemIndex(), self._connected()
            try:
                with named(self._path):
                    connection.execute("BEGIN")
                    index.follow(connection)
            finally:
                connection.close()
            with self._lock:
                self._index = index

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    def page(self, query: ItemsQuery) -> tuple[list[Row], str | None]:
        """The rows of a page, and the cursor of the next one or None.

        Raises:
            Problem: a cursor that is none (code ``BadCursor``).
        """
        start = {} if query.cursor is None else read_cursor(self._secret, query.cursor)
        if _filtered(query):
            with self._warming:  # what is being read already is not read a second time
                pass
        with self._lock, named(self._path):
            self._connection.execute("BEGIN")  # one moment for the index and the rows
            try:
                found = self._found(query, start)
                rows = [self._row(row) for row in found[: query.limit]]
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
        if len(found) <= query.limit:
            return rows, None
        last = found[query.limit - 1]
        return rows, write_cursor(self._secret, {"row": last[0], "p": last[9] if query.sort == "doubt" else None})

    def _found(self, query: ItemsQuery, start: dict[str, Any]) -> list[tuple[Any, ...]]:
        """The rows of a page and one more, if there is one."""
        common = {"stream": STREAM, "limit": query.limit + 1}
        if query.sort == "doubt":
            text, values = _by_doubt(query, start, _GUESSED_SEVERAL if self._several() else _GUESSED)
            return self._connection.execute(text, {**values, **common}).fetchall()
        after = int(start.get("row", -1))
        if not _filtered(query):
            text, values = _by_row(query)
            return self._connection.execute(text, {**values, **common, "after": after}).fetchall()
        self._index.follow(self._connection)
        text, values = _among(query)
        found: list[tuple[Any, ...]] = []
        for rows in self._index.rows(state=query.state, label=query.label, flag=query.flag, after=after):
            size = query.limit + 1 if query.text is None else _SEARCHED
            for place in range(0, len(rows), size):
                common["limit"] = query.limit + 1 - len(found)
                piece = json.dumps(rows[place : place + size].tolist())
                found += self._connection.execute(text, {**values, **common, "rows": piece}).fetchall()
                if len(found) > query.limit:
                    return found
        return found

    def _several(self) -> bool:
        """Whether an item may have several classes."""
        found = self._connection.execute(
            "SELECT json_extract(payload, '$.schema.kind') FROM event WHERE stream = ? ORDER BY seq LIMIT 1", (STREAM,)
        ).fetchone()
        return found is not None and found[0] == "multi"

    def one(self, id: str) -> Row | None:
        """One item, or None."""
        return next(iter(self.some([id])), None)

    def some(self, ids: Sequence[str]) -> list[Row]:
        """Those items that there are, in the order of their ids in ``ids``."""
        text = f"SELECT {_COLUMNS} FROM contents.item c {_JOINED} WHERE c.id = :id"
        with self._lock, named(self._path):
            found = [self._connection.execute(text, {"stream": STREAM, "id": id}).fetchone() for id in ids]
            return [self._row(row) for row in found if row is not None]

    def history(self, id: str, most: int = 500) -> list[dict[str, Json]]:
        """What was done to an item, oldest first: hand-outs, answers, flags; the newest ``most`` of them."""
        with self._lock, named(self._path):
            seqs = self._connection.execute(_TOUCHED, {"s": STREAM, "i": id, "most": most}).fetchall()
            rows = self._connection.execute(
                "SELECT seq, at, kind, payload FROM event WHERE stream = ? AND seq IN (SELECT value FROM json_each(?)) "
                "ORDER BY seq",
                (STREAM, json.dumps([seq for (seq,) in seqs])),
            ).fetchall()
        return [_step(*row) for row in rows if row[2] in _HISTORY_KINDS]

    def _row(self, row: tuple[Any, ...]) -> Row:
        number, id, text, file, fields, state, value, flag, shares = row[:9]
        by, at = self._connection.execute(_DONE_BY, (STREAM, id)).fetchone() or (None, None)
        guess = json.loads(shares) if shares else []
        return {
            "row": number,
            "id": id,
            "text": text,
            "file": file,
            "fields": json.loads(fields) if fields else None,
            "state": state,
            "value": json.loads(value) if value else None,
            "by": by,
            "at": at,
            "guess": tuple(guess[0]) if guess else None,
            "flag": bool(flag),
        }


_JOINED = "LEFT JOIN main.item j ON j.stream = :stream AND j.id = c.id LEFT JOIN main.guess g ON g.item = c.id"


def _filtered(query: ItemsQuery) -> bool:
    """Whether the index is needed."""
    return query.sort != "doubt" and not (query.state is None and query.label is None and query.flag is None)


def _by_row(query: ItemsQuery) -> tuple[str, dict[str, Any]]:
    """All items, or those with a text."""
    tests, values = _text_tests(query)
    where = " AND ".join(["c.row > :after", *tests])
    return f"SELECT {_COLUMNS} FROM contents.item c {_JOINED} WHERE {where} ORDER BY c.row LIMIT :limit", values


def _among(query: ItemsQuery) -> tuple[str, dict[str, Any]]:
    """Those of some rows, or those of them with a text."""
    tests, values = _text_tests(query)
    where = " AND ".join(["c.row IN (SELECT value FROM json_each(:rows))", *tests])
    return f"SELECT {_COLUMNS} FROM contents.item c {_JOINED} WHERE {where} ORDER BY c.row LIMIT :limit", values


def _by_doubt(query: ItemsQuery, start: dict[str, Any], sure: str) -> tuple[str, dict[str, Any]]:
    """Items of which the model has said something, the least sure first; last those of which it says not how sure it is."""
    tests, values = _tests(query)
    if start.get("p") is not None:
        tests.append(f"({sure} > :p OR ({sure} = :p AND c.row > :after) OR {sure} IS NULL)")
        values.update(p=float(start["p"]), after=int(start["row"]))
    elif start:
        tests.append(f"({sure} IS NULL AND c.row > :after)")
        values.update(after=int(start["row"]))
    where = f"WHERE {' AND '.join(tests)}" if tests else ""
    return (
        f"SELECT {_COLUMNS}, {sure} AS p FROM main.guess g CROSS JOIN contents.item c ON c.id = g.item "
        f"LEFT JOIN main.item j ON j.stream = :stream AND j.id = c.id {where} "
        "ORDER BY p IS NULL, p, c.row LIMIT :limit",
        values,
    )


def _tests(query: ItemsQuery) -> tuple[list[str], dict[str, Any]]:
    tests: list[str] = []
    values: dict[str, Any] = {}
    if query.state == "unlabelled":
        tests.append("coalesce(j.state, 'unlabelled') = 'unlabelled'")
    elif query.state is not None:
        tests.append("j.state = :state")
        values["state"] = query.state
    if query.label is not None:
        tests.append("j.state = 'labelled' AND instr(j.value, :label)")
        values["label"] = json.dumps(query.label, ensure_ascii=False)
    if query.flag is not None:
        inside = "SELECT item FROM flag WHERE stream = :stream"
        tests.append(f"c.id {'' if query.flag else 'NOT '}IN ({inside})")
    more, texts = _text_tests(query)
    return [*tests, *more], {**values, **texts}


def _text_tests(query: ItemsQuery) -> tuple[list[str], dict[str, Any]]:
    tests: list[str] = []
    values: dict[str, Any] = {}
    if query.text is not None:
        text = query.text
        forms = {text} if text.isascii() else {text, text.lower(), text.upper(), text.capitalize()}
        likes = []
        for number, form in enumerate(sorted(forms)):
            values[f"t{number}"] = "%" + form.translate(_ESCAPES) + "%"
            likes += [f"c.{place} LIKE :t{number} ESCAPE '\\'" for place in _PLACES]
        tests.append(f"({' OR '.join(likes)})")
    return tests, values


def _step(seq: int, at: float, kind: str, payload: str) -> dict[str, Json]:
    """One event as the page shows it: who, when, what was said; nothing that only the journal needs."""
    data = json.loads(payload)
    out: dict[str, Json] = {"kind": kind, "seq": seq, "at": at, "user": data.get("user")}
    if kind in ("told", "late"):
        answer = (data.get("answers") or [{}])[0]
        out.update(answer=answer.get("kind"), value=answer.get("value"), note=answer.get("note"))
    if kind == "asked":
        reason = str((data.get("reasons") or [""])[0] or "")
        out.update(reason=in_words(reason), detail=reason if in_words(reason) != reason else None)
    for name in ("role", "why", "flag", "note"):
        if name in data and out.get(name) is None:
            out[name] = data[name]
    return out
