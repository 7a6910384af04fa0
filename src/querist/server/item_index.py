"""State, label and flag of every row of the contents, in memory: which rows a filter finds, without a walk or a sort.

The journal knows items by id and the contents by row; a page in order of rows would have to join and sort all items of a
state. Six bytes a row are kept instead, and follow the journal: what was touched since the last look is read by an index.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from querist.server.changes import STREAM

__all__ = ["ItemIndex"]

_STATES = ("unlabelled", "pending", "labelled", "skipped", "rejected")
_CODES = {state: code for code, state in enumerate(_STATES)}
_TOUCHED = """
    SELECT c.row, j.state, j.value FROM main.item j INDEXED BY item_by_state
    CROSS JOIN contents.item c ON c.id = j.id
    WHERE j.stream = ? AND j.state IN ('unlabelled', 'pending', 'labelled', 'skipped', 'rejected') AND j.last_seq > ?
"""
_RENAMED = ("class_renamed", "class_merged")
_PIECE, _BLOCK = 10_000, 1 << 16
_SPARE = 1_000


class ItemIndex:
    """What the journal says of each row; it follows a connection that sees the journal and, as ``contents``, the items.

    Attributes:
        seq: number of the last event that it has seen.
    """

    def __init__(self) -> None:
        self.seq = 0
        self._states = np.zeros(0, dtype=np.int8)
        self._labels = np.zeros(0, dtype=np.int32)  # number of the label's text, 0 for none
        self._flags = np.zeros(0, dtype=np.bool_)
        self._forget()

    def follow(self, connection: sqlite3.Connection) -> None:
        """Come up to the end of the journal, as the connection's transaction sees it."""
        (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM event WHERE stream = ?", (STREAM,)).fetchone()
        (size,) = connection.execute("SELECT coalesce(max(row) + 1, 0) FROM contents.item").fetchone()
        self._grow(int(size) - len(self._states))
        if last == self.seq:
            return
        told = connection.execute(
            "SELECT kind, payload FROM event WHERE stream = ? AND seq > ? "
            "AND kind IN ('flagged', 'class_renamed', 'class_merged')",
            (STREAM, self.seq),
        ).fetchall()
        if len(self._texts) > 2 * np.count_nonzero(self._labels) + _SPARE or any(k in _RENAMED for k, _ in told):
            self._forget()  # labels have other texts now, or many texts belong to no label any more
            self.seq = 0
        rows = connection.execute(_TOUCHED, (STREAM, self.seq))
        while piece := rows.fetchmany(_PIECE):
            for row, state, value in piece:
                self._states[row] = _CODES[state]
                self._labels[row] = self._number(value) if state == "labelled" and value is not None else 0
        flagged = [json.loads(payload)["item"] for kind, payload in told if kind == "flagged"]
        if flagged:
            self._flag(flagged, connection)
        self.seq = int(last)

    def rows(
        self, *, state: str | None = None, label: str | None = None, flag: bool | None = None, after: int = -1
    ) -> Iterator[NDArray[np.int64]]:
        """Rows above ``after`` of this state, whose label names this class, with or without a flag; ascending, in pieces.

        A page takes the first few, and what comes behind them is not looked at.
        """
        named = np.zeros(0, dtype=np.bool_)
        if label is not None:
            part = json.dumps(label, ensure_ascii=False)
            named = np.array([False, *(part in text for text in self._texts)])
        for first in range(max(after + 1, 0), len(self._states), _BLOCK):
            block = slice(first, first + _BLOCK)
            inside = np.ones(len(self._states[block]), dtype=np.bool_)
            if state is not None:
                inside &= self._states[block] == _CODES[state]
            if label is not None:
                inside &= named[self._labels[block]]
            if flag is not None:
                inside &= self._flags[block] == flag
            found = np.flatnonzero(inside)
            if len(found):
                yield found + first

    def _forget(self) -> None:
        self._labels[:] = 0
        self._texts: list[str] = []
        self._numbers: dict[str, int] = {}

    def _number(self, text: str) -> int:
        number = self._numbers.get(text)
        if number is None:
            self._texts.append(text)
            number = self._numbers[text] = len(self._texts)
        return number

    def _grow(self, more: int) -> None:
        if more > 0:
            self._states = np.concatenate([self._states, np.zeros(more, dtype=np.int8)])
            self._labels = np.concatenate([self._labels, np.zeros(more, dtype=np.int32)])
            self._flags = np.concatenate([self._flags, np.zeros(more, dtype=np.bool_)])

    def _flag(self, items: list[str], connection: sqlite3.Connection) -> None:
        found = connection.execute(
            "SELECT c.row, EXISTS (SELECT 1 FROM main.flag f WHERE f.stream = ? AND f.item = c.id) "
            "FROM contents.item c WHERE c.id IN (SELECT value FROM json_each(?))",
            (STREAM, json.dumps(items)),
        )
        for row, flag in found:
            self._flags[row] = flag
