"""Opens a journal file: every connection gets the same settings, and a damaged, foreign or newer file is refused."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from querist.core.errors import ResourceError, StateError
from querist.data.atomic import sync_folder
from querist.data.sqlite_errors import corrupt, named
from querist.storage.migration import APPLICATION_ID, newest, refuse_newer, schema_version, upgrade

__all__ = ["create_file", "open_reader", "open_writer", "reader"]

_HEADER = 100
_LOG_KEPT = 16 << 20
"""Bytes that the log keeps on the disk when it begins anew; it may have grown beside a reader that took long."""
_CHECKED_AT_ONCE = 16 << 20
"""A file up to this size is checked for damage when it is opened; that takes some ten milliseconds."""


def create_file(path: Path) -> None:
    """Make an empty journal at ``path``, whole or not at all: it is built beside and renamed. The caller has the lock.

    Raises:
        ResourceError: the folder is missing or not writable (code ``NotWritable``), or the disk is full (``DiskFull``).
        StateError: a write-ahead log without its file lies there (code ``Corrupt``).
    """
    if _companion(path, "-wal").exists():
        raise corrupt(path, f"the file is missing while its log {path.name}-wal is there")
    fresh = path.with_name(f".new-{path.name}")
    for suffix in ("", "-wal", "-shm", "-journal"):
        _companion(fresh, suffix).unlink(missing_ok=True)  # what a killed process left
    with named(path):
        connection = _connect(fresh, read_only=False)
        try:
            _prepare(connection)
            _wal(connection, path)
            upgrade(connection, path)
        finally:
            connection.close()  # the last connection takes the log into the file and removes it
    os.replace(fresh, path)
    sync_folder(path.parent)


def open_writer(path: Path) -> sqlite3.Connection:
    """A connection that may write, its schema up to date. The caller has the lock.

    Raises:
        StateError: codes ``Corrupt``, ``NotAJournal``, ``NewerSchema``, ``BadMigration``.
        ResourceError: codes ``NotWritable``, ``DiskFull``, ``NoWal``.
    """
    _check_size(path)
    with named(path):
        connection = _connect(path, read_only=False)
        try:
            _prepare(connection)
            _check_owner(connection, path)
            refuse_newer(schema_version(connection), newest(), path)
            _check_small(connection, path)
            _wal(connection, path)
            connection.execute(f"PRAGMA journal_size_limit = {_LOG_KEPT}").close()
            upgrade(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def open_reader(path: Path, *, check: bool = True) -> sqlite3.Connection:
    """A connection that cannot write; it works beside a writer of another process, and takes no lock.

    Args:
        path: the journal.
        check: look for damage in a small file first.

    Raises:
        StateError: codes ``NoJournal``, ``Corrupt``, ``NotAJournal``, ``NewerSchema``, ``OlderSchema``.
        ResourceError: it cannot be opened (code ``NotWritable``).
    """
    if not path.exists():
        raise StateError(
            f"there is no journal at {path}; `querist init` or `querist label` makes a project", code="NoJournal"
        )
    _check_size(path)
    with named(path):
        connection = _connect(path, read_only=True)
        try:
            _prepare(connection)
            _check_owner(connection, path)
            version = schema_version(connection)
            refuse_newer(version, newest(), path)
            if version < newest():
                raise StateError(
                    f"{path} has the older schema {version} (this program writes {newest()}); open the project for "
                    "writing once, which brings it up to date",
                    code="OlderSchema",
                )
            if check:
                _check_small(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def reader(path: Path, *, check: bool = True) -> Iterator[sqlite3.Connection]:
    """`open_reader` for a while."""
    connection = open_reader(path, check=check)
    try:
        yield connection
    finally:
        connection.close()


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    mode = "ro" if read_only else "rwc"
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False, timeout=5.0
    )


def _prepare(connection: sqlite3.Connection) -> None:
    for setting in (
        "busy_timeout = 5000",
        "foreign_keys = ON",
        "synchronous = FULL",
        "trusted_schema = OFF",
        "cell_size_check = ON",
        "mmap_size = 0",
    ):
        connection.execute(f"PRAGMA {setting}").close()


def _wal(connection: sqlite3.Connection, path: Path) -> None:
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise ResourceError(
            f"{path} cannot have a write-ahead log (its journal mode stays {mode!r}), as on network disks; "
            "keep the project on a local disk",
            code="NoWal",
        )


def _check_size(path: Path) -> None:
    """Refuse an empty file, which SQLite would take for a new database.

    The file is not opened here: closing it would drop the locks that SQLite holds on it in this process.
    """
    if path.stat().st_size < _HEADER:
        raise corrupt(path, f"the file has {path.stat().st_size} bytes, too few for a database")


def _check_owner(connection: sqlite3.Connection, path: Path) -> None:
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    if owner != APPLICATION_ID or schema_version(connection) == 0:
        raise StateError(
            f"{path} is a SQLite database, and no journal of querist (application id {owner}); choose another file",
            code="NotAJournal",
        )


def _check_small(connection: sqlite3.Connection, path: Path) -> None:
    if path.stat().st_size <= _CHECKED_AT_ONCE:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise corrupt(path, f"quick_check: {str(found).splitlines()[-1]}")


def _companion(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
