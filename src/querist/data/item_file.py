"""Opens and makes the file items.db; a damaged, foreign or newer one is refused by name."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from querist.core.errors import ResourceError, StateError
from querist.data.atomic import TEMPORARY, disk_full, no_space, sync_folder
from querist.data.sqlite_errors import corrupt, named

__all__ = ["create_file", "open_file"]

APPLICATION_ID = 0x71727369
"""Stands in the header of the file and says whose it is: "qrsi"."""
VERSION = 1
_HEADER = 100
_CHECKED_AT_ONCE = 16 << 20
_SCHEMA = (
    "CREATE TABLE item (row INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, text TEXT, file TEXT, fields TEXT, extra TEXT)",
    "CREATE TABLE imported (at REAL NOT NULL, name TEXT NOT NULL, items INTEGER NOT NULL)",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
)


def create_file(path: Path) -> None:
    """Make an empty file, readable by its owner only; whole or not at all: it is built beside and renamed.

    Raises:
        ResourceError: the folder is missing or not writable (code ``NotWritable``), or the disk is full (``DiskFull``).
        StateError: a log without its file lies there (code ``Corrupt``).
    """
    if _companion(path, "-wal").exists():
        raise corrupt(path, f"the file is missing while its log {path.name}-wal is there")
    fresh = path.with_name(f"{TEMPORARY}{path.name}")
    try:
        for suffix in ("", "-wal", "-shm", "-journal"):
            _companion(fresh, suffix).unlink(missing_ok=True)  # what a killed process left
        os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with named(path):
            connection = _connect(fresh, read_only=False)
            try:
                connection.execute("PRAGMA synchronous = FULL")
                for statement in _SCHEMA:
                    connection.execute(statement)
            finally:
                connection.close()
        os.replace(fresh, path)
        sync_folder(path.parent)
    except OSError as error:
        if no_space(error):
            raise disk_full(path, "Nothing was made.", None, str(error)) from error
        raise ResourceError(
            f"cannot make {path} ({error.strerror}); its folder must be there and writable", code="NotWritable"
        ) from error


def open_file(path: Path, *, read_only: bool, check: bool = True) -> sqlite3.Connection:
    """A connection to the file, its settings made.

    Args:
        path: the file.
        read_only: whether it may write.
        check: look for damage in a small file first.

    Raises:
        StateError: missing (code ``NoItems``), damaged (``Corrupt``), not ours (``NotItems``), newer than the program
            (``NewerSchema``). ResourceError: it cannot be opened (code ``NotWritable``, ``NoWal``).
    """
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise StateError(f"there are no items at {path}; `querist label` makes a project", code="NoItems") from None
    if size < _HEADER:
        raise corrupt(path, f"the file has {size} bytes, too few for a database")
    with named(path):
        connection = _connect(path, read_only=read_only)
        try:
            for setting in (
                "busy_timeout = 5000",
                "synchronous = FULL",
                "trusted_schema = OFF",
                "cell_size_check = ON",
                "mmap_size = 0",
                f"cache_size = -{(8 if read_only else 64) << 10}",
            ):
                connection.execute(f"PRAGMA {setting}").close()
            _check(connection, path, size if check else _CHECKED_AT_ONCE + 1)
            if not read_only:
                mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
                if mode != "wal":
                    raise ResourceError(
                        f"{path} cannot have a write-ahead log (its journal mode stays {mode!r}), as on network disks; "
                        "keep the project on a local disk",
                        code="NoWal",
                    )
        except BaseException:
            connection.close()
            raise
    return connection


def _check(connection: sqlite3.Connection, path: Path, size: int) -> None:
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    if owner != APPLICATION_ID:
        raise StateError(
            f"{path} is a SQLite database, and no item file of querist (application id {owner}); choose another file",
            code="NotItems",
        )
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise StateError(
            f"{path} has schema version {version}, and this program knows versions up to {VERSION}; install a newer "
            "querist, the file is untouched",
            code="NewerSchema",
        )
    if size <= _CHECKED_AT_ONCE:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise corrupt(path, f"quick_check: {str(found).splitlines()[-1]}")


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    mode = "ro" if read_only else "rw"
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False, timeout=5.0
    )


def _companion(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
