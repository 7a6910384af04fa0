"""Where a project stands: counts by state and class, the model in use; read beside the writer, never through it."""

from __future__ import annotations

import json
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from querist.core.types import Json
from querist.data.sqlite_errors import named
from querist.server.changes import STREAM, Changes
from querist.server.panel import Reports, class_counts, panel
from querist.server.renames import Renames
from querist.server.settings import Settings
from querist.server.task import Task
from querist.storage.connection import open_reader

__all__ = ["Overview"]


class Overview:
    """Reads the journal's projections.

    Args:
        journal: journal.db.
    """

    def __init__(self, journal: Path) -> None:
        self._path, self._lock = journal, threading.Lock()
        self._connection = open_reader(journal, check=False)
        self._reports, self._renames = Reports(), Renames()

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    def rows(self, query: str, *values: object) -> list[Any]:
        """Rows of a query; ``:stream`` style is not needed, the first ``?`` is the stream."""
        with self._lock, named(self._path):
            return self._connection.execute(query, (STREAM, *values)).fetchall()

    def id(self) -> str:
        """What tells this project from every other, also from one made of the same file: from its first event."""
        (row,) = self.rows("SELECT lower(hex(digest)) FROM event WHERE stream = ? AND seq = 1")
        return str(row[0])[:16]

    def states(self) -> Counter[str]:
        """How many items are labelled, skipped, rejected and flagged."""
        return Counter(dict(self.rows("SELECT state, items FROM tally WHERE stream = ?")))

    def settings(self) -> Settings:
        """The live settings."""
        with self._lock, named(self._path):
            return Settings.read(self._connection, STREAM)

    def task(self, changes: Changes) -> Task:
        """What is asked now."""
        with self._lock, named(self._path):
            return changes.task(self._connection)

    def classes(self) -> list[tuple[str, int]]:
        """Each class in order, with the number of items that have it; a soft label counts for its largest share."""
        with self._lock, named(self._path):
            rows = self._connection.execute("SELECT name FROM class WHERE stream = ? ORDER BY place", (STREAM,))
            names = [row[0] for row in rows]
            counts = class_counts(self._connection) if names else Counter()
        return [(name, counts[name]) for name in names]

    def renames(self) -> list[tuple[str, str]]:
        """Old and new name of each rename and merge of a class, oldest first."""
        with self._lock, named(self._path):
            return self._renames.follow(self._connection)

    def panel(self) -> dict[str, Json]:
        """Figures and advice."""
        names = [name for name, _ in self.classes()]
        with self._lock, named(self._path):
            return panel(self._connection, names, self._reports)

    def model(self) -> dict[str, Json] | None:
        """The newest model: round, labels, when."""
        found = self.rows(
            "SELECT m.round, m.labels, e.at FROM model m JOIN event e ON e.stream = m.stream AND e.seq = m.seq "
            "WHERE m.stream = ? ORDER BY m.round DESC LIMIT 1"
        )
        return None if not found else {"round": found[0][0], "labels": found[0][1], "at": found[0][2]}

    def guesses(self, items: list[str]) -> dict[str, list[list[Any]]]:
        """What the model says of some items: [[class, probability], ...] each."""
        with self._lock, named(self._path):
            found = self._connection.execute(
                "SELECT item, shares FROM guess WHERE item IN (SELECT value FROM json_each(?))", (json.dumps(items),)
            ).fetchall()
        return {item: json.loads(shares) for item, shares in found}

    def flagged(self, items: list[str]) -> set[str]:
        """Those of some items that are marked for a second look."""
        asked = "SELECT item FROM flag WHERE stream = ? AND item IN (SELECT value FROM json_each(?))"
        return {row[0] for row in self.rows(asked, json.dumps(items))}
