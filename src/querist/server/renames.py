"""Renames and merges of classes in their order, for whoever keeps answers under the names of then."""

from __future__ import annotations

import json
import sqlite3

from querist.server.changes import STREAM

__all__ = ["Renames"]

_CHANGED = "SELECT coalesce(max(seq), 0) FROM class WHERE stream = ?"
_FOUND = (
    "SELECT payload FROM event WHERE stream = ? AND seq > ? AND seq <= ? "
    "AND kind IN ('class_renamed', 'class_merged') ORDER BY seq"
)
_ANY = (
    "SELECT EXISTS (SELECT 1 FROM class c JOIN event e ON e.stream = c.stream AND e.seq = c.seq "
    "WHERE c.stream = ? AND e.kind IN ('class_renamed', 'class_merged'))"
)


class Renames:
    """What the journal says of renamed and merged classes; it is read once, and from there on.

    Each class knows the event that changed it last, so that a journal without renames is not looked through.
    """

    def __init__(self) -> None:
        self._upto = 0
        self._pairs: list[tuple[str, str]] = []

    def follow(self, connection: sqlite3.Connection) -> list[tuple[str, str]]:
        """All up to now.

        Args:
            connection: to the journal.

        Returns:
            Old name and new name of each, oldest first.
        """
        (newest,) = connection.execute(_CHANGED, (STREAM,)).fetchone()
        if newest > self._upto:
            if connection.execute(_ANY, (STREAM,)).fetchone()[0]:
                for (payload,) in connection.execute(_FOUND, (STREAM, self._upto, newest)).fetchall():
                    change = json.loads(payload)
                    self._pairs.append((change["class"], change.get("to") or change["into"]))
            self._upto = newest
        return list(self._pairs)
