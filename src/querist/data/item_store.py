"""The contents of a project's items in one SQLite file, items.db: a million are streamed in, looked up and searched.

An import is one transaction: all of it is there when `ItemStore.add` returns, and on the disk, or nothing is. Reads go
through a connection of their own, so that they work while an import runs, in this process or another.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeAlias

from querist.core.errors import ArgumentError, DataError, QueristError, StateError, UnknownNameError, shorten
from querist.data.item_file import create_file, open_file
from querist.data.record import Record, StoredItem, content_id, json_text
from querist.data.sqlite_errors import corrupt, named

__all__ = ["Each", "ItemStore", "Record", "StoredItem"]

Each: TypeAlias = Callable[[str, Record, bool], None]
"""Called with the id of each record, the record, and whether it is new; see `ItemStore.add`."""

_PIECE = 10_000
_MOST_ROWS = 1_000
_COLUMNS = "row, id, text, file, fields, extra"
_Row: TypeAlias = tuple[int, str, str | None, str | None, str | None, str | None]


class ItemStore:
    """The items of a project; threads may share it.

    Args:
        path: the file items.db.
        create: make the file when it is not there.

    Raises:
        StateError: missing (code ``NoItems``), damaged (``Corrupt``), not ours (``NotItems``), newer than the program
            (``NewerSchema``). ResourceError: it cannot be made or opened (codes ``NotWritable``, ``DiskFull``).

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, ItemStore(Path(folder) / "items.db") as store:
    ...     store.add([Record(id="a", text="a good film"), Record(text="a bad film")], "films.csv")
    ...     len(store), store.get("a").text, [item.row for item in store.search("BAD")]
    2
    (2, 'a good film', [1])
    """

    def __init__(self, path: Path | str, *, create: bool = True) -> None:
        self.path = Path(path)
        self._mutex = threading.Lock()
        self._writing = threading.Lock()
        self._process = os.getpid()
        self._reader: sqlite3.Connection | None = None
        if create and not self.path.exists():
            create_file(self.path)
        self._reader = open_file(self.path, read_only=True)

    def add(
        self,
        records: Iterable[Record],
        name: str,
        *,
        known: Literal["refuse", "skip"] = "refuse",
        each: Each | None = None,
    ) -> int:
        """Take items in, all or none, and return how many; they are on the disk then.

        A record without an id gets one of its content; copies get -1, -2 ... in order.

        Args:
            records: the items; read piece by piece, never all in memory.
            name: where they come from.
            known: what is done with a record whose id (given, or from its content) is there already: refuse the import,
                or leave the record out.
            each: called with (id, record, new) for each record, in order; ``new`` is False for one that was left out.

        Raises:
            DataError: an id twice (code ``DuplicateId``), an id or a text that cannot be kept (``BadId``, ``BadItem``).
            StateError: another program is importing (code ``Locked``). ResourceError: no space (code ``DiskFull``).
            Nothing was taken then.
        """
        if known not in ("refuse", "skip"):
            raise ArgumentError(f"known must be 'refuse' or 'skip', got {known!r}", code="BadArgument")
        with self._writing:
            self._usable()
            connection = open_file(self.path, read_only=False)
            try:
                with named(self.path, "Nothing of this import was taken, all items before are kept."):
                    count = _Import(connection, name, known, each).run(records)
                    # Takes the log into the file, so that the next start is quick; a reader may hold that up.
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
                return count
            finally:
                connection.close()

    def __len__(self) -> int:
        """How many items."""
        return int(self._rows("SELECT coalesce(max(row) + 1, 0) FROM item")[0][0])

    def get(self, id: str) -> StoredItem:
        """The item of an id.

        Raises:
            UnknownNameError: there is none (code ``UnknownItem``).
        """
        found = self._rows(f"SELECT {_COLUMNS} FROM item WHERE id = ?", (id,)) if isinstance(id, str) else []
        if not found:
            raise self._unknown(id)
        return self._item(found[0])

    def row_of(self, id: str) -> int:
        """The row number of an id.

        Raises:
            UnknownNameError: there is none (code ``UnknownItem``).
        """
        found = self._rows("SELECT row FROM item WHERE id = ?", (id,)) if isinstance(id, str) else []
        if not found:
            raise self._unknown(id)
        return int(found[0][0])

    def rows_of(self, ids: Sequence[str]) -> list[int]:
        """The row numbers of those ids that there are, ascending."""
        if len(ids) == 1:
            return [r[0] for r in self._rows("SELECT row FROM item WHERE id = ?", (ids[0],))]
        return sorted(self.places(ids).values())

    def places(self, ids: Sequence[str]) -> dict[str, int]:
        """The row number by id, of those that there are."""
        out: dict[str, int] = {}
        for start in range(0, len(ids), _PIECE):
            piece = json.dumps(list(ids[start : start + _PIECE]))
            out.update(self._rows("SELECT id, row FROM item WHERE id IN (SELECT value FROM json_each(?))", (piece,)))
        return out

    def __contains__(self, id: object) -> bool:
        """Whether there is an item of this id."""
        return isinstance(id, str) and bool(self._rows("SELECT 1 FROM item WHERE id = ?", (id,)))

    def at(self, rows: Iterable[int]) -> list[StoredItem]:
        """The items of row numbers, in the order given.

        Raises:
            UnknownNameError: no such row (code ``UnknownItem``).
        """
        wanted = [int(row) for row in rows]
        if len(wanted) == 1 and (one := self._rows(f"SELECT {_COLUMNS} FROM item WHERE row = ?", wanted)):
            return [self._item(one[0])]
        out: list[StoredItem] = []
        for start in range(0, len(wanted), _MOST_ROWS):
            piece = wanted[start : start + _MOST_ROWS]
            found = self._rows(
                f"SELECT {_COLUMNS} FROM item WHERE row IN (SELECT value FROM json_each(?))", (json.dumps(piece),)
            )
            by_row = {row[0]: self._item(row) for row in found}
            missing = next((row for row in piece if row not in by_row), None)
            if missing is not None:
                raise UnknownNameError(
                    f"there is no row {missing} in {self.path.name}: it has {len(self):,} items", code="UnknownItem"
                )
            out.extend(by_row[row] for row in piece)
        return out

    def ids(self) -> list[str]:
        """All ids, in order of rows: about 90 bytes an item."""
        return [row[0] for rows in self._paged("SELECT id, row FROM item", 50_000) for row in rows]

    def search(self, text: str, after_row: int = -1, limit: int = 50) -> list[StoredItem]:
        """Items in whose text, fields, file name or id ``text`` stands, in order of rows; upper and lower case are alike.

        Args:
            text: what to look for.
            after_row: only rows above this one; the last row of a page gives the next page.
            limit: how many at most.
        """
        if limit < 1:
            raise ArgumentError(f"limit must be 1 or more, got {limit}", code="BadArgument")
        # LIKE knows case for the letters of ASCII only; other letters are looked for as lower, upper and capital.
        forms = {text} if text.isascii() else {text, text.lower(), text.upper(), text.capitalize()}
        patterns = ["%" + form.translate(_ESCAPES) + "%" for form in sorted(forms)]
        places = ("text", "fields", "file", "id")
        test = " OR ".join(f"{place} LIKE ? ESCAPE '\\'" for place in places for _ in patterns)
        with self._mutex:
            self._usable()
        # It may have to look through all texts: a connection of its own keeps nobody waiting.
        connection = open_file(self.path, read_only=True, check=False)
        try:
            with named(self.path):
                found = connection.execute(
                    f"SELECT {_COLUMNS} FROM item WHERE row > ? AND ({test}) ORDER BY row LIMIT ?",
                    (after_row, *patterns * len(places), limit),
                ).fetchall()
        finally:
            connection.close()
        return [self._item(row) for row in found]

    def batches(self, size: int = _PIECE) -> Iterator[list[StoredItem]]:
        """All items in order of rows, ``size`` at a time; no transaction stays open in between."""
        if size < 1:
            raise ArgumentError(f"size must be 1 or more, got {size}", code="BadArgument")
        for rows in self._paged(f"SELECT {_COLUMNS} FROM item", size):
            yield [self._item(row) for row in rows]

    def imports(self) -> list[tuple[float, str, int]]:
        """(seconds since the epoch, name, items) of each import, in order."""
        return self._rows("SELECT at, name, items FROM imported ORDER BY rowid")

    def digest(self) -> str:
        """Digest of all ids and contents, in order: which pool this is."""
        h = hashlib.blake2b(digest_size=16)
        for rows in self._paged("SELECT id, text, file, fields, row FROM item", _PIECE):
            for *parts, _ in rows:
                h.update(json.dumps(parts, ensure_ascii=False).encode())
        return h.hexdigest()

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        with self._mutex:
            reader, self._reader = self._reader, None
            if reader is not None and self._process == os.getpid():
                reader.close()

    def __enter__(self) -> ItemStore:
        """The store itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close."""
        self.close()

    def __del__(self) -> None:
        """Close when nobody refers to it any more."""
        if getattr(self, "_reader", None) is not None:
            self.close()

    def _paged(self, query: str, size: int) -> Iterator[list[Any]]:
        """Rows of ``query`` in order; it selects a column ``row``."""
        after, stop = -1, len(self)
        while after < stop - 1:
            upto = min(after + size, stop - 1)
            rows = self._rows(f"{query} WHERE row > ? AND row <= ? ORDER BY row", (after, upto))
            if len(rows) != upto - after:
                raise corrupt(self.path, f"rows are missing between {after + 1} and {upto}")
            yield rows
            after = upto

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._mutex, named(self.path):
            return self._usable().execute(query, values).fetchall()

    def _item(self, found: _Row) -> StoredItem:
        row, id, text, file, fields, extra = found
        if fields is None and extra is None:
            return StoredItem(row, id, text, file)
        try:
            more = json.loads(extra) if extra else {}
            values = json.loads(fields) if fields else None
            return StoredItem(row, id, text, file, values, more.get("suggestions", ()), more.get("extra", {}))
        except (ValueError, AttributeError) as error:
            raise corrupt(self.path, f"the fields of row {row} cannot be read: {type(error).__name__}") from error

    def _unknown(self, id: object) -> UnknownNameError:
        some = self._rows("SELECT id FROM item WHERE row = 0")
        like = f"; ids look like {shorten(some[0][0])!r}" if some else "; the project has no items"
        return UnknownNameError(f"unknown item {shorten(id)!r} in {self.path.name}{like}", code="UnknownItem")

    def _usable(self) -> sqlite3.Connection:
        if self._reader is None:
            raise StateError(f"the items {self.path} are closed; open them again", code="Closed")
        if self._process != os.getpid():
            raise StateError(
                f"the items {self.path} were opened by process {self._process}, this is its fork {os.getpid()}; open them "
                "again in the child",
                code="Locked",
            )
        return self._reader


_ESCAPES = str.maketrans({"%": "\\%", "_": "\\_", "\\": "\\\\"})


class _Import:
    """One import, in one transaction.

    Args:
        connection: open for writing, in autocommit mode.
        name: of the import.
        known: "refuse" or "skip".
        each: told about each record, or None.
    """

    def __init__(self, connection: sqlite3.Connection, name: str, known: str, each: Each | None) -> None:
        self._connection, self._name, self._known, self._each = connection, name, known, each
        self._copies: dict[str, int] = {}  # the next number of a copy, for contents that come more than once

    def run(self, records: Iterable[Record]) -> int:
        """Take all records in; the number of new items."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            first = row = connection.execute("SELECT coalesce(max(row) + 1, 0) FROM item").fetchone()[0]
            read = 0
            waiting = iter(records)
            while piece := list(islice(waiting, _PIECE)):
                row = self._take(piece, row, read)
                read += len(piece)
            connection.execute("INSERT INTO imported VALUES (?, ?, ?)", (time.time(), self._name, row - first))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return int(row - first)

    def _take(self, piece: list[Record], row: int, read: int) -> int:
        """Insert a piece from ``row`` on; the next free row."""
        ids = [
            _checked_id(r.id, read + k, self._name) if r.id is not None else content_id(r) for k, r in enumerate(piece)
        ]
        there = {
            found[0]
            for found in self._connection.execute(
                "SELECT id FROM item WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(ids),)
            )
        }
        rows: list[_Row] = []
        told: list[tuple[str, Record, bool]] = []
        for place, (id, record) in enumerate(zip(ids, piece, strict=True)):
            if id in there:
                if self._known == "skip":
                    told.append((id, record, False))
                    continue
                if record.id is not None:
                    raise self._twice(id, read + place, rows)
                id = self._copy(id)
            there.add(id)
            rows.append((row, id, *_contents(record, read + place, self._name)))
            told.append((id, record, True))
            row += 1
        self._connection.executemany("INSERT INTO item VALUES (?, ?, ?, ?, ?, ?)", rows)
        if self._each is not None:
            for call in told:
                self._each(*call)
        return row

    def _copy(self, id: str) -> str:
        if id not in self._copies:
            found = self._connection.execute(
                "SELECT max(CAST(substr(id, ?) AS INTEGER)) FROM item WHERE id > ? AND id < ?",
                (len(id) + 2, id + "-", id + "."),
            ).fetchone()[0]
            self._copies[id] = (found or 0) + 1
        number = self._copies[id]
        self._copies[id] = number + 1
        return f"{id}-{number}"

    def _twice(self, id: str, place: int, rows: list[_Row]) -> QueristError:
        near = next((row[0] for row in rows if row[1] == id), None)
        if near is None:
            near = self._connection.execute("SELECT row FROM item WHERE id = ?", (id,)).fetchone()[0]
        return DataError(
            f"{self._name}: the id {shorten(id)!r} of record {place + 1} is that of the item in row {near} already; ids "
            "must differ",
            code="DuplicateId",
        )


def _checked_id(id: object, place: int, name: str) -> str:
    good = isinstance(id, str) and bool(id) and "\0" not in id
    if good:
        try:
            str(id).encode("utf-8")
        except UnicodeEncodeError:
            good = False
    if not good:
        raise DataError(
            f"{name}: the id of record {place + 1} is empty, no text, or holds a NUL or half a surrogate pair: "
            f"{shorten(ascii(id))}; ids must be plain text",
            code="BadId",
        )
    return str(id)


def _contents(record: Record, place: int, name: str) -> tuple[str | None, str | None, str | None, str | None]:
    """Text, file, fields and extra as they are kept."""
    what = f"{name}: record {place + 1}"
    text, file = record.text, record.file
    if text is None and file is None and not record.fields:
        raise DataError(f"{what} has no text, no file and no fields: there is nothing to label", code="BadItem")
    for part, value in (("text", text), ("file", file)):
        if value is None:
            continue
        try:
            value.encode("utf-8")
        except (AttributeError, UnicodeEncodeError) as error:
            raise DataError(
                f"{what}: its {part} is no text that can be kept: {shorten(ascii(value))}", code="BadItem"
            ) from error
    fields = None if record.fields is None else json_text(dict(record.fields), what)
    more: dict[str, Any] = {}
    if record.extra:
        more["extra"] = dict(record.extra)
    if record.suggestions:
        more["suggestions"] = [dict(s) for s in record.suggestions]
    return text, file, fields, json_text(more, what) if more else None
