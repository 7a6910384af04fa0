"""Looks a project over: its databases, the journal's digests, the projections, the artifacts. It changes nothing."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from querist.core.errors import QueristError, StateError, shorten
from querist.data.item_file import open_file
from querist.data.sqlite_errors import named
from querist.storage.artifacts import Artifacts
from querist.storage.audit import Audit
from querist.storage.backup import ITEMS, JOURNAL
from querist.storage.connection import reader
from querist.storage.migration import upgrade
from querist.storage.projections import TABLES, TALLIES, project
from querist.storage.sqlite_store import SqliteStore, events_of

__all__ = ["Finding", "doctor", "repair"]

_RESTORE = "bring the project back from a backup: querist restore BACKUP NEW_FOLDER"
_REFOLD = "the journal is whole: make the tables anew from it with querist.storage.doctor.repair(folder)"
_BUGGY = ((3, 7, 0), (3, 51, 2))

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that the doctor found.

    Args:
        severity: "error": something is damaged or missing; "warning": something may go wrong; "note": good to know.
        what: what was found, in a sentence.
        where: the file, relative to the project, or the table.
        cure: what to do.
    """

    severity: Severity
    what: str
    where: str
    cure: str


def doctor(folder: Path | str) -> list[Finding]:
    """Check the project in ``folder``; it may be in use. An empty list means that nothing was found.

    Raises:
        StateError: there is no project (code ``NoJournal``).
    """
    folder = Path(folder)
    path = folder / JOURNAL
    if not path.exists():
        raise StateError(
            f"{folder} is no project: it has no {JOURNAL}; give the folder that `querist init` made", code="NoJournal"
        )
    findings = list(_version(sqlite3.sqlite_version_info))
    referenced: dict[str, int] = {}
    try:
        with named(path), reader(path, check=False) as connection:
            connection.execute("BEGIN")  # one moment for all checks, while a session may go on writing
            for check in (_integrity, _schema, _references, _journal, _projections):
                findings += _guarded(check, connection, path)
            if not any(f.severity == "error" for f in findings):
                referenced = dict(
                    connection.execute("SELECT digest, min(round) FROM model WHERE digest IS NOT NULL GROUP BY digest")
                )
    except QueristError as error:
        findings.append(_from_error(error, path))
    findings += _items(folder / ITEMS)
    findings += _trail(Audit(folder))
    findings += _artifacts(Artifacts(folder / "artifacts"), referenced)
    return findings


def repair(folder: Path | str) -> int:
    """Make the projections anew from the journal, which stays as it is; returns the number of events read.

    Raises:
        StateError: the journal itself is damaged (code ``Corrupt``), or open elsewhere (``Locked``).
    """
    with SqliteStore(Path(folder) / JOURNAL, create=False) as store:
        return store.refold()


_Check = Callable[[sqlite3.Connection, Path], Iterator[Finding]]


def _guarded(check: _Check, connection: sqlite3.Connection, path: Path) -> list[Finding]:
    found: list[Finding] = []
    try:
        with named(path):
            found.extend(check(connection, path))
    except QueristError as error:
        found.append(_from_error(error, path))
    return found


def _from_error(error: QueristError, path: Path) -> Finding:
    cure = _RESTORE if error.code == "Corrupt" else "see the message"
    folder = rf"(?<![\w./\\-]){re.escape(str(path.parent))}(?![\w.-])"  # as a word: a folder may be called "p"
    text = re.sub(folder, ".", str(error).replace(str(path), path.name))
    return Finding("error", f"{error.code}: {text}", path.name, cure)


def _version(version: tuple[int, ...]) -> Iterator[Finding]:
    if _BUGGY[0] <= version <= _BUGGY[1]:
        text = ".".join(map(str, version))
        yield Finding(
            "warning",
            f"SQLite {text} can damage a file when two connections write and checkpoint at the same moment "
            "(the WAL-reset bug of 3.7.0 to 3.51.2); querist has one writer and does not do so",
            "the sqlite3 library",
            "let no other program write to the journal; take SQLite 3.51.3 or newer when Python's build offers it",
        )


def _integrity(connection: sqlite3.Connection, path: Path) -> Iterator[Finding]:
    rows = [str(r[0]) for r in connection.execute("PRAGMA integrity_check(20)")]
    if rows != ["ok"]:
        yield Finding("error", f"integrity_check: {shorten('; '.join(rows), 300)}", JOURNAL, _RESTORE)


def _schema(connection: sqlite3.Connection, path: Path) -> Iterator[Finding]:
    """The tables' own definitions, which SQLite does not check, against those of this program."""
    query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    with _empty() as fresh:
        wanted = dict(fresh.execute(query))
    found = dict(connection.execute(query))
    odd = sorted(str(name) for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if odd:
        yield Finding("error", f"the definitions of {', '.join(odd)} are not those of this version", JOURNAL, _RESTORE)


def _references(connection: sqlite3.Connection, path: Path) -> Iterator[Finding]:
    rows = connection.execute("PRAGMA foreign_key_check").fetchmany(1000)
    if rows:
        yield Finding(
            "error",
            f"{len(rows)}{'+' if len(rows) == 1000 else ''} rows refer to nothing, the first in table {rows[0][0]} to "
            f"{rows[0][2]}",
            f"{JOURNAL}, table {rows[0][0]}",
            _REFOLD,
        )


def _streams(connection: sqlite3.Connection) -> list[str]:
    return [str(r[0]) for r in connection.execute("SELECT DISTINCT stream FROM event ORDER BY stream")]


def _journal(connection: sqlite3.Connection, path: Path) -> Iterator[Finding]:
    """Every event against its digest."""
    for stream in _streams(connection):
        for _ in events_of(connection, path, stream):
            pass
    yield from ()  # what is wrong is raised


def _projections(connection: sqlite3.Connection, path: Path) -> Iterator[Finding]:
    """The tables against a fold of the journal into empty ones."""
    with _empty() as fresh:
        fresh.execute("BEGIN")
        for stream in _streams(connection):
            for event in events_of(connection, path, stream):
                project(fresh, stream, event.seq, event.kind, event.payload)
        wrong = [finding for table in TABLES for finding in _compare(connection, fresh, table)]
        for table in TALLIES if not wrong else ():  # of rows that are wrong they are no more than the sum
            wrong += _compare(connection, fresh, table)
        yield from wrong


@contextmanager
def _empty() -> Iterator[sqlite3.Connection]:
    """A journal in memory, with tables and nothing in them."""
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    try:
        upgrade(fresh, Path("a database in memory"))
        yield fresh
    finally:
        fresh.close()


def _compare(kept: sqlite3.Connection, fresh: sqlite3.Connection, table: str) -> Iterator[Finding]:
    order = ", ".join(
        str(r[1]) for r in sorted(fresh.execute(f"PRAGMA table_info({table})"), key=lambda r: r[5]) if r[5]
    )
    query = f"SELECT * FROM {table} ORDER BY {order}"  # both names come from this program
    differing, first = 0, ""
    for a, b in _paired(kept.execute(query), fresh.execute(query), order.count(",") + 1):
        if a != b:
            differing += 1
            first = first or f"kept {shorten(a)}, folded {shorten(b)}"
    if differing:
        yield Finding(
            "error",
            f"{differing} rows differ from what the journal says; the first: {first}",
            f"{JOURNAL}, table {table}",
            _REFOLD,
        )


_Row = tuple[Any, ...]
_RANK = {type(None): 0, int: 1, float: 1, str: 2, bytes: 3}
"""How SQLite sorts values of different kinds; in damaged rows anything may stand."""


def _paired(kept: Iterator[_Row], fresh: Iterator[_Row], width: int) -> Iterator[tuple[_Row | None, _Row | None]]:
    """Rows of two sorted tables side by side, None where one has no row of that key (its first ``width`` values)."""

    def key(row: _Row) -> list[tuple[int, Any]]:
        return [(_RANK[type(v)], v if v is not None else 0) for v in row[:width]]

    a, b = next(kept, None), next(fresh, None)
    while a is not None or b is not None:
        if b is None or (a is not None and key(a) < key(b)):
            yield a, None
            a = next(kept, None)
        elif a is None or key(b) < key(a):
            yield None, b
            b = next(fresh, None)
        else:
            yield a, b
            a, b = next(kept, None), next(fresh, None)


def _items(path: Path) -> Iterator[Finding]:
    """The contents of a labelling project; a study has none."""
    if not path.exists():
        return
    try:
        with named(path), closing(open_file(path, read_only=True, check=False)) as connection:
            rows = [str(r[0]) for r in connection.execute("PRAGMA integrity_check(20)")]
    except QueristError as error:
        yield _from_error(error, path)
        return
    if rows != ["ok"]:
        yield Finding("error", f"Corrupt: integrity_check: {shorten('; '.join(rows), 300)}", path.name, _RESTORE)


def _trail(audit: Audit) -> Iterator[Finding]:
    try:
        audit.lines()
    except StateError as error:
        text = str(error).partition(". Keep it")[0].replace(str(audit.path), audit.path.name)
        yield Finding("error", f"{error.code}: {text}", audit.path.name, "compare it with the one in the last backup")


def _artifacts(artifacts: Artifacts, referenced: dict[str, int]) -> Iterator[Finding]:
    name = artifacts.folder.name
    kept = set()
    for digest in artifacts.digests():
        kept.add(digest)
        fault = artifacts.fault(digest)
        if fault:
            fault = fault.replace(str(artifacts.folder), name)
            yield Finding("error", f"DigestMismatch: {fault}", f"{name}/{digest}", _RESTORE)
    # a learner without files names its fits by other means; where nothing is kept, nothing can be missing
    for digest, number in sorted(referenced.items(), key=lambda pair: pair[1]) if kept else ():
        if digest not in kept:
            yield Finding(
                "warning",
                f"the weights of round {number} are not kept; resuming fits again from the same seed",
                f"{name}/{digest}",
                _RESTORE,
            )
    for path in artifacts.leftovers():
        yield Finding(
            "note",
            "an unfinished or damaged folder that was set aside",
            f"{name}/{path.name}",
            "remove it, unless something is being written now",
        )
