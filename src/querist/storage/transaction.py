"""One piece of work in the writer's transaction: events are added and tables read and written, all or nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence

from querist.core.types import Event
from querist.data.sqlite_errors import damaged
from querist.storage.events import chain, check_expected, check_stream, conflict, encode, first_digest
from querist.storage.projections import project

__all__ = ["Transaction", "end_of"]


class Transaction:
    """What work may do between BEGIN and COMMIT; the store makes it and ends it.

    Args:
        connection: in a transaction.
        clock: seconds since the epoch; stamped on events that carry no time.
    """

    def __init__(self, connection: sqlite3.Connection, clock: Callable[[], float]) -> None:
        self.connection = connection
        self.clock = clock

    def append(self, stream: str, events: Sequence[Event], *, expected: int | None = None) -> int:
        """Add events and their projections; returns the last sequence number. On the disk when the work is committed.

        Raises:
            StateError: the stream does not end at ``expected`` (code ``Conflict``).
            ArgumentError, ArgumentTypeError: an event that cannot be kept (code ``BadEvent``).
        """
        check_stream(stream)
        wanted = check_expected(expected)
        encoded = [(event, encode(event)) for event in events]
        last, digest = end_of(self.connection, stream)
        if wanted is not None and wanted != last:
            raise conflict(stream, wanted, last)
        for event, text in encoded:
            last += 1
            at = float(event.at or self.clock())
            digest = chain(digest, last, at, event.kind, text)
            self.connection.execute(
                "INSERT INTO event (stream, seq, at, kind, payload, digest) VALUES (?, ?, ?, ?, ?, ?)",
                (stream, last, at, event.kind, text, digest),
            )
            project(
                self.connection, stream, last, event.kind, json.loads(text)
            )  # what a refold will read, to the letter
        return last


def end_of(connection: sqlite3.Connection, stream: str) -> tuple[int, bytes]:
    """Number and digest of the last event of a stream."""
    row = connection.execute(
        "SELECT seq, digest FROM event WHERE stream = ? ORDER BY seq DESC LIMIT 1", (stream,)
    ).fetchone()
    if row is None:
        return 0, first_digest(stream)
    if not isinstance(row[0], int) or not isinstance(row[1], bytes):
        raise damaged(f"the last event of stream {stream!r} has no number or no digest")
    return row[0], row[1]
