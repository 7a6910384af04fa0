"""Parquet (needs the extra ``parquet``): the columns of CSV with kinds of numbers, and all of an item in ``querist``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from querist.core.errors import DataError, shorten
from querist.core.optional import need
from querist.core.types import Json
from querist.data.formats.exported import About, Exported, Lost, whole_file
from querist.data.formats.reading import Reading, bad_row
from querist.data.formats.rows import KEPT, Layout, Roles, kept_of, ours, record_of
from querist.data.record import Record
from querist.data.text_file import check_file

__all__ = ["Tables", "open_rows", "read", "records_of_rows", "write"]

_PIECE = 2_000


def read(path: Path, reading: Reading) -> Iterator[Record]:
    """The records of a Parquet file, a piece at a time.

    Raises:
        ResourceError: pyarrow is not installed (code ``MissingExtra``).
        DataError: no Parquet file (code ``NoData``), a missing column (``NoColumn``), a row that cannot be used
            (``BadRow``).
    """
    columns, rows = open_rows(path, reading)
    yield from records_of_rows(columns, rows, reading, path.name)


def open_rows(path: Path, reading: Reading) -> tuple[list[str], Iterator[dict[str, Any]]]:
    """The columns of a Parquet file, and its rows, a piece at a time.

    Raises:
        ResourceError: pyarrow is not installed (code ``MissingExtra``).
        DataError: no Parquet file (code ``NoData``), too large (``TooLarge``).
    """
    check_file(path)
    if reading.most_bytes is not None and path.stat().st_size > reading.most_bytes:
        raise DataError(f"{path.name} is larger than {reading.most_bytes / (1 << 20):g} MiB", code="TooLarge")
    parquet = need("pyarrow.parquet", "parquet", "reading Parquet files")
    arrow = need("pyarrow", "parquet", "reading Parquet files")

    def refused(error: Exception) -> DataError:
        reason = shorten(str(error).splitlines()[0] if str(error) else type(error).__name__, 200)
        return DataError(f"{path.name} is no Parquet file that can be read: {reason}", code="NoData")

    try:
        file = parquet.ParquetFile(path, pre_buffer=False)
    except (arrow.ArrowException, OSError) as error:
        raise refused(error) from error

    def rows() -> Iterator[dict[str, Any]]:
        with file:
            pieces = file.iter_batches(_PIECE, use_threads=False)  # each thread would take memory of its own
            while True:
                try:
                    batch = next(pieces, None)
                    piece = [] if batch is None else batch.to_pylist()
                except (arrow.ArrowException, OSError) as error:
                    raise refused(error) from error
                if batch is None:
                    return
                yield from piece

    return list(file.schema_arrow.names), rows()


def records_of_rows(
    columns: Sequence[str], rows: Iterable[dict[str, Any]], reading: Reading, name: str
) -> Iterator[Record]:
    """Records of rows with typed values.

    Args:
        columns: their names.
        rows: values by column.
        reading: how they are read.
        name: for messages.

    Raises:
        DataError: a missing column (code ``NoColumn``), a row that cannot be used (``BadRow``), none (``EmptyPool``).
    """
    roles = Roles.of(columns, reading, name)
    number = 0
    for number, row in enumerate(rows, start=1):
        try:
            kept = row.get(KEPT)
            record = ours(row, kept_of(kept), reading) if isinstance(kept, str) else None
            yield record or record_of(_plain(row), roles, reading, cells=False)
        except DataError:
            raise
        except ValueError as error:
            bad_row(reading, name, number, str(error), unit="row", cause=error)
    if number == 0:
        raise DataError(f"the pool has 0 items: {name} has columns and no rows", code="EmptyPool")


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Values that JSON knows: dates as text, NaN as nothing."""
    return {k: _json(v) for k, v in row.items()}


def _json(value: Any) -> Json:
    if value is None or isinstance(value, (str, int, bool)):
        return value
    if isinstance(value, float):
        return value if value == value else None
    if isinstance(value, list):
        return [_json(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _json(v) for k, v in value.items()}
    if isinstance(value, bytes):
        raise ValueError(f"a value of {len(value):,} bytes is no text; leave such columns out")
    return str(value)


def write(items: Iterable[Exported], path: Path, about: About) -> list[Lost]:
    """Write a Parquet file; nothing is lost.

    Args:
        items: what to write; read once, a piece at a time.
        path: the file; it appears whole or not at all.
        about: of the project.

    Raises:
        ResourceError: pyarrow is not installed (code ``MissingExtra``).
    """
    parquet = need("pyarrow.parquet", "parquet", "writing Parquet files")
    waiting = iter(items)
    first = list(islice(waiting, _PIECE))
    tables = Tables(first)
    with whole_file(path) as file, parquet.ParquetWriter(file, tables.schema) as writer:
        piece = first
        while piece:
            writer.write_table(tables.of(piece))
            piece = list(islice(waiting, _PIECE))
    return []


class Tables:
    """Makes Arrow tables of items; kinds of columns follow from the first ones.

    Args:
        first: the first items.
    """

    def __init__(self, first: Sequence[Exported]) -> None:
        self._arrow = need("pyarrow", "parquet", "writing Parquet files")
        self._layout = Layout(first)
        rows = [self._layout.row(item)[0] for item in first[:1_000]]
        self._kinds: dict[str, type] = dict.fromkeys(self._layout.columns, str)
        self._kinds["seconds"] = float
        for column, _, _ in self._layout.more:
            kinds = {type(row[column]) for row in rows if row[column] is not None}
            for kind, members in ((bool, {bool}), (int, {int}), (float, {int, float})):
                if kinds and kinds <= members:
                    self._kinds[column] = kind
                    break
        arrow = self._arrow
        types = {str: arrow.string(), float: arrow.float64(), int: arrow.int64(), bool: arrow.bool_()}
        self.schema = arrow.schema([(column, types[kind]) for column, kind in self._kinds.items()])

    def of(self, items: Sequence[Exported]) -> Any:
        """The table of some items."""
        values: dict[str, list[Any]] = {column: [] for column in self._kinds}
        for item in items:
            row, kept = self._layout.row(item)
            for column, kind in self._kinds.items():
                if column == KEPT:
                    values[column].append(_text(kept or {"v": 1}))
                else:
                    values[column].append(_typed(row[column], kind))
        return self._arrow.table(values, schema=self.schema)


def _typed(value: Json, kind: type) -> Any:
    """A value as its column holds it; None where it does not fit: the exact one is in ``querist``."""
    if value is None:
        return None
    if kind is str:
        return value if isinstance(value, str) else _text(value)
    if kind is bool or isinstance(value, bool):
        return value if kind is bool and isinstance(value, bool) else None
    if kind is int:
        return value if isinstance(value, int) and -(1 << 63) <= value < 1 << 63 else None
    return float(value) if isinstance(value, (int, float)) and abs(value) < 1e300 else None


def _text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
