"""The journal in one SQLite file: an append is on the disk when it returns, and one process writes.

Write-ahead log, ``synchronous=FULL``, ``BEGIN IMMEDIATE``; the projections are written in the event's own transaction.
Each event carries a digest over itself and the one before it, which is compared whenever it is read.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from querist.core.errors import StateError
from querist.core.types import Event
from querist.data.sqlite_errors import corrupt, named
from querist.storage.connection import create_file, open_reader, open_writer
from querist.storage.events import chain, check_stream, encode, first_digest
from querist.storage.lock import FileLock
from querist.storage.projections import clear, project
from querist.storage.transaction import Transaction, end_of

__all__ = ["SqliteStore", "events_of"]

_PAGE = 500
"""Events fetched at a time: a read holds no transaction open and never the whole journal in memory."""


class SqliteStore:
    """Keeps events in a SQLite file; threads of one process may share it.

    Args:
        path: the file; ``path.lock`` beside it holds the name of the process that writes.
        create: make the file when it is not there.
        read_only: take no lock and refuse appends; works beside a writer in another process.
        clock: seconds since the epoch; stamped on events that carry no time.

    Raises:
        StateError: held by another process (code ``Locked``), missing (``NoJournal``), damaged (``Corrupt``), newer
            than the program (``NewerSchema``), not ours (``NotAJournal``).
        ResourceError: it cannot be written (``NotWritable``, ``NoWal``), or the disk is full (``DiskFull``).
    """

    def __init__(
        self,
        path: Path | str,
        *,
        create: bool = True,
        read_only: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = Path(path)
        self.read_only = read_only
        self._clock = clock
        self._mutex = threading.RLock()
        self._process = os.getpid()
        self._connection: sqlite3.Connection | None = None
        self._lock: FileLock | None = None
        if read_only:
            self._connection = open_reader(self.path)
            return
        if not self.path.exists() and not create:
            raise StateError(
                f"there is no journal at {self.path}; `querist init` or `querist label` makes a project",
                code="NoJournal",
            )
        self._lock = FileLock(self.path.with_name(self.path.name + ".lock"), f"the journal {self.path}")
        try:
            if not self.path.exists():
                create_file(self.path)
            self._connection = open_writer(self.path)
            if self._connection.execute("SELECT 1 FROM meta WHERE key = 'refold'").fetchone():
                self.refold()  # an older file was brought up to date: tables that it did not have are filled
        except BaseException:
            self._lock.release()
            raise

    def append(self, stream: str, events: Sequence[Event], *, expected: int | None = None) -> int:
        """Add events, all or none, and return the last sequence number; they are on the disk then.

        Raises:
            StateError: the stream does not end at ``expected`` (code ``Conflict``), or the store is closed (code
                ``Closed``), open for reading only (``ReadOnly``), or damaged (``Corrupt``).
            ResourceError: no space (code ``DiskFull``). Nothing was taken then, and it works again once there is space.
            ArgumentError, ArgumentTypeError: an event that cannot be kept (code ``BadEvent``).
        """
        # pages, the index and the log beside the text itself; an event that cannot be kept is refused first
        needed = 2 * sum(len(encode(event)) for event in events) + 16_384
        with self.transaction(needed) as work:
            return work.append(stream, events, expected=expected)

    @contextmanager
    def transaction(self, needed: int = 16_384) -> Iterator[Transaction]:
        """Work that is taken as a whole when the block ends, and is on the disk then; an exception takes all of it back.

        Args:
            needed: about how many bytes it writes, for the message of a full disk.

        Raises:
            StateError: the store is closed (code ``Closed``), read-only (``ReadOnly``), or damaged (``Corrupt``).
            ResourceError: no space (code ``DiskFull``); nothing was taken then.
        """
        with self._mutex:
            connection = self._usable(writing=True)
            with named(self.path, "All events taken before are kept, this append was not taken.", needed):
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    yield Transaction(connection, self._clock)
                    connection.execute("COMMIT")
                except BaseException:
                    self._undo(connection)
                    raise

    def read(self, stream: str, after: int = 0) -> Iterator[Event]:
        """The events with numbers above ``after`` that are there now, in order, fetched piece by piece.

        Raises:
            StateError: an event is not what was written (code ``Corrupt``), or the store is closed (``Closed``).
        """
        check_stream(stream)
        stop = self.last(stream)
        return self._pages(stream, max(int(after), 0), stop)

    def last(self, stream: str) -> int:
        """The last sequence number of a stream, 0 when it is empty."""
        with self._mutex, named(self.path):
            return end_of(self._usable(), stream)[0]

    def streams(self) -> tuple[str, ...]:
        """Names of the streams, sorted."""
        with self._mutex, named(self.path):
            return tuple(r[0] for r in self._usable().execute("SELECT DISTINCT stream FROM event ORDER BY stream"))

    def refold(self) -> int:
        """Make the projections anew from the journal, in one transaction; returns the number of events read."""
        with self._mutex, named(self.path, "The projections are as they were."):
            connection = self._usable(writing=True)
            count = 0
            connection.execute("BEGIN IMMEDIATE")
            try:
                clear(connection)
                for stream in self.streams():
                    for event in events_of(connection, self.path, stream):
                        project(connection, stream, event.seq, event.kind, event.payload)
                        count += 1
                connection.execute("DELETE FROM meta WHERE key = 'refold'")
                connection.execute("COMMIT")
            except BaseException:
                self._undo(connection)
                raise
            return count

    def close(self) -> None:
        """Take the log into the file and give the lock back; a second time does nothing."""
        with self._mutex:
            connection, self._connection = self._connection, None
            lock, self._lock = self._lock, None
            if connection is not None and self._process == os.getpid():
                with contextlib.suppress(sqlite3.Error):  # a full disk at this point loses nothing: the log stays
                    connection.close()
            if lock is not None:
                lock.release()

    def __enter__(self) -> SqliteStore:
        """The store itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close."""
        self.close()

    def __del__(self) -> None:
        """Close when nobody refers to it any more."""
        if getattr(self, "_connection", None) is not None:
            self.close()

    def _pages(self, stream: str, after: int, stop: int) -> Iterator[Event]:
        while after < stop:
            with self._mutex, named(self.path):
                page = list(events_of(self._usable(), self.path, stream, after, min(after + _PAGE, stop)))
            yield from page
            after += _PAGE

    def _usable(self, *, writing: bool = False) -> sqlite3.Connection:
        if self._connection is None:
            raise StateError(f"the journal {self.path} is closed; open it again", code="Closed")
        if self._process != os.getpid():
            raise StateError(
                f"the journal {self.path} was opened by process {self._process}, this is its fork {os.getpid()}; "
                "a child process must not touch it",
                code="Locked",
            )
        if writing and self.read_only:
            raise StateError(f"the journal {self.path} was opened for reading only", code="ReadOnly")
        return self._connection

    def _undo(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")


def events_of(
    connection: sqlite3.Connection, path: Path, stream: str, after: int = 0, stop: int | None = None
) -> Iterator[Event]:
    """Events ``after + 1`` to ``stop`` of a stream, each compared with its digest, with no gap among them.

    Raises:
        StateError: one is missing or is not what was written (code ``Corrupt``).
    """
    before = first_digest(stream)
    if after:
        row = connection.execute("SELECT digest FROM event WHERE stream = ? AND seq = ?", (stream, after)).fetchone()
        if row is None:
            raise corrupt(path, f"event {after} of stream {stream!r} is missing")
        before = row[0]
    last = end_of(connection, stream)[0] if stop is None else stop
    rows = connection.execute(
        "SELECT seq, at, kind, payload, digest FROM event WHERE stream = ? AND seq > ? AND seq <= ? ORDER BY seq",
        (stream, after, last),
    )
    seq = after
    for row in rows:
        seq += 1
        yield _event(path, stream, seq, before, row)
        before = row[4]
    if seq != last:
        raise corrupt(path, f"event {seq + 1} of stream {stream!r} is missing")


def _event(path: Path, stream: str, seq: int, before: bytes, row: tuple[Any, ...]) -> Event:
    found, at, kind, payload, digest = row
    if found != seq:
        raise corrupt(path, f"event {seq} of stream {stream!r} is missing")
    try:
        good = chain(before, seq, at, kind, payload) == digest
        data: dict[str, Any] = json.loads(payload) if good else {}
    except (ValueError, TypeError, AttributeError, struct.error) as error:
        raise corrupt(path, f"event {seq} of stream {stream!r} cannot be read: {type(error).__name__}") from error
    if not good:
        raise corrupt(path, f"event {seq} of stream {stream!r} is not what was written: its digest differs")
    return Event(kind, data, seq, at)
