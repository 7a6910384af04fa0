"""How many labels name each class: counted with each label that comes, changes or goes, so that nobody counts a million."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter

from querist.core.types import LabelValue

__all__ = ["LabelCount", "classes_of"]


class LabelCount:
    """What one event does to the counts of a stream's classes.

    Args:
        connection: within the transaction of the event.
        stream: name of the stream.
    """

    def __init__(self, connection: sqlite3.Connection, stream: str) -> None:
        self._connection, self._stream = connection, stream
        self._changes: Counter[str] = Counter()

    def of(self, item: str) -> str | None:
        """The label of an item as it is now, as JSON; None where it has none."""
        row = self._connection.execute(
            "SELECT value FROM item WHERE stream = ? AND id = ? AND state = 'labelled'", (self._stream, item)
        ).fetchone()
        return None if row is None else row[0]

    def change(self, before: str | None, after: str | None) -> None:
        """One item had the label ``before`` and now has ``after``, both as JSON or None."""
        if before != after:
            self._changes.subtract(classes_of(before))
            self._changes.update(classes_of(after))

    def write(self) -> None:
        """Take the changes into the table."""
        self._connection.executemany(
            "INSERT INTO class_tally VALUES (?, ?, ?) "
            "ON CONFLICT (stream, class) DO UPDATE SET items = items + excluded.items",
            [(self._stream, name, change) for name, change in self._changes.items() if change],
        )


def classes_of(label: str | None) -> set[str]:
    """The classes that a label (as JSON) names, each once: of shares the largest, of spans what stands at their end.

    >>> sorted(classes_of('[[0, 2, "person"], [3, 4, "place"], [6, 9, "place"]]'))
    ['person', 'place']
    >>> classes_of('{"cat": 0.3, "dog": 0.7}'), classes_of("1.5")
    ({'dog'}, set())
    """
    value: LabelValue | None = None if label is None else json.loads(label)
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict) and value:
        shares: dict[str, float] = value
        return {max(shares, key=lambda name: shares[name])}
    if isinstance(value, list):
        return {str(part[-1] if isinstance(part, list) and part else part) for part in value}
    return set()
