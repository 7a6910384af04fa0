"""Brings a journal's schema up to date: numbered SQL scripts, all in one transaction or none."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from querist.core.errors import StateError
from querist.data.sqlite_errors import damaged

__all__ = ["APPLICATION_ID", "Migration", "known", "newest", "schema_version", "upgrade"]

APPLICATION_ID = 0x71727374
"""Stands in the header of the file and says whose it is: "qrst"."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered script.

    Args:
        number: the schema version that it leads to.
        name: what it does, from the file's name.
        sql: its statements.
    """

    number: int
    name: str
    sql: str

    def statements(self) -> Iterator[str]:
        """The statements one by one; a trigger with its own semicolons is one."""
        piece = ""
        for line in self.sql.splitlines(keepends=True):
            piece += line
            if sqlite3.complete_statement(piece):
                yield piece
                piece = ""
        if any(line.strip() and not line.strip().startswith("--") for line in piece.splitlines()):
            raise StateError(
                f"migration {self.number:04d} ends in the middle of a statement; the installation is damaged",
                code="BadMigration",
            )


def known() -> tuple[Migration, ...]:
    """The scripts that ship with this program, in order, numbered from 1 without gaps."""
    found = []
    for entry in files("querist.storage").joinpath("migrations").iterdir():
        match = re.fullmatch(r"(\d{4})_(\w+)\.sql", entry.name)
        if match:
            found.append(Migration(int(match[1]), match[2], entry.read_text(encoding="utf-8")))
    found.sort(key=lambda m: m.number)
    if [m.number for m in found] != list(range(1, len(found) + 1)) or not found:
        raise StateError(
            f"the SQL scripts are not numbered from 1 without gaps: {[m.number for m in found]}; "
            "the installation is damaged, install querist again",
            code="BadMigration",
        )
    return tuple(found)


def newest(migrations: Sequence[Migration] | None = None) -> int:
    """The schema version that this program writes."""
    return (known() if migrations is None else migrations)[-1].number


def schema_version(connection: sqlite3.Connection) -> int:
    """The schema version of an open file; 0 when it has no schema yet."""
    has_meta = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'").fetchone()
    if not has_meta:
        return 0
    row = connection.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
    try:
        return int(row[0]) if row else 0
    except (TypeError, ValueError):
        raise damaged("its schema version is no number") from None


def upgrade(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration] | None = None) -> int:
    """Apply what is missing, in one transaction, and return the version.

    Args:
        connection: open for writing, in autocommit mode.
        path: the file, for messages.
        migrations: scripts to know; those that ship when None.

    Raises:
        StateError: the file is newer than the program (code ``NewerSchema``), or a script failed (code
            ``BadMigration``). The file is then as it was.
    """
    scripts = known() if migrations is None else tuple(migrations)
    version = schema_version(connection)
    top = newest(scripts)
    refuse_newer(version, top, path)
    if version == top:
        return version
    step = version
    connection.execute("BEGIN IMMEDIATE")
    try:
        for script in scripts[version:]:
            step = script.number
            for statement in script.statements():
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        if version == 0:
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('created_by', ?)", (f"querist {_program()}",))
        else:
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('refold', 'needed')")
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('schema_version', ?)", (str(top),))
        broken = connection.execute("PRAGMA foreign_key_check").fetchone()
        if broken:
            raise StateError(f"it leaves table {broken[0]} with references to nothing", code="BadMigration")
        connection.execute("COMMIT")
    except BaseException as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        full = isinstance(error, sqlite3.Error) and error.sqlite_errorcode & 0xFF in (
            sqlite3.SQLITE_FULL,
            sqlite3.SQLITE_IOERR,
        )
        if not isinstance(error, (sqlite3.Error, StateError)) or full:
            raise
        raise StateError(
            f"{path} could not be brought from schema {version} to {top}: step {step:04d} failed ({error}); "
            "the file is as it was, open it with the version that wrote it, or restore a backup",
            code="BadMigration",
        ) from error
    return top


def refuse_newer(version: int, top: int, path: Path) -> None:
    """Raise when a file is newer than the program.

    Raises:
        StateError: it is (code ``NewerSchema``).
    """
    if version > top:
        raise StateError(
            f"{path} has schema version {version}, and this program (querist {_program()}) knows versions up to {top}; "
            "install a newer querist, the file is untouched",
            code="NewerSchema",
        )


def _program() -> str:
    from querist import __version__

    return __version__
