"""Hugging Face datasets (needs the extra ``hf``): a folder that ``save_to_disk`` wrote, or a ``datasets.Dataset``."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from querist.core.errors import ArgumentTypeError, DataError, shorten, shorten_path
from querist.core.optional import need
from querist.data.formats.exported import About, Exported, Lost, whole_folder
from querist.data.formats.parquet import Tables, records_of_rows
from querist.data.formats.reading import Reading
from querist.data.record import Record

__all__ = ["open_rows", "read", "write"]

_PIECE = 1_000


def read(data: Any, reading: Reading) -> Iterator[Record]:
    """The records of a dataset, a piece at a time; class numbers become names.

    Args:
        data: a folder, or a ``datasets.Dataset``.
        reading: how it is read.

    Raises:
        ResourceError: the package is not installed (code ``MissingExtra``).
        ArgumentTypeError: a dictionary of splits (code ``BadSource``).
        DataError: no such folder (code ``NoData``), a missing column (``NoColumn``), a row that cannot be used
            (``BadRow``).
    """
    name = Path(data).name if isinstance(data, (str, Path)) else "the dataset"
    columns, rows = open_rows(data)
    yield from records_of_rows(columns, rows, reading, name)


def open_rows(data: Any) -> tuple[list[str], Iterator[dict[str, Any]]]:
    """The columns of a dataset, and its rows.

    Raises:
        ResourceError, ArgumentTypeError, DataError: see `read`.
    """
    name = "the dataset"
    if isinstance(data, (str, Path)):
        name = Path(data).name
        loader = need("datasets", "hf", "reading folders of Hugging Face datasets")
        try:
            data = loader.load_from_disk(str(data))
        except (OSError, ValueError, KeyError) as error:
            raise DataError(
                f"{shorten_path(data)} is no folder that save_to_disk wrote: {shorten(str(error), 200)}", code="NoData"
            ) from error
    if isinstance(data, Mapping):
        raise ArgumentTypeError(
            f"{name} holds several sets: choose one of {', '.join(map(str, data)) or 'none'} (a folder below it)",
            code="BadSource",
        )
    plain = data.with_format(None)
    for column, feature in plain.features.items():
        if type(feature).__name__ == "Image":
            plain = plain.cast_column(column, type(feature)(decode=False))
    return list(plain.column_names), _rows(plain)


def _rows(dataset: Any) -> Iterator[dict[str, Any]]:
    names = {c: found for c, f in dataset.features.items() if (found := getattr(f, "names", None))}
    images = {c for c, f in dataset.features.items() if type(f).__name__ == "Image"}
    for start in range(0, len(dataset), _PIECE):
        columns = dataset[start : start + _PIECE]
        for place in range(len(next(iter(columns.values()), []))):
            row = {column: values[place] for column, values in columns.items()}
            for column, classes in names.items():
                number = row[column]
                row[column] = classes[number] if isinstance(number, int) and 0 <= number < len(classes) else None
            for column in images:
                value = row[column] or {}
                row[column] = value.get("bytes") or value.get("path")
            yield row


def write(items: Iterable[Exported], path: Path, about: About) -> list[Lost]:
    """Write a folder that ``datasets.load_from_disk`` reads; nothing is lost.

    Args:
        items: what to write; the table of all stands in memory.
        path: the folder, missing or empty.
        about: of the project.

    Raises:
        ResourceError: the package is not installed (code ``MissingExtra``), or the folder is not empty
            (``NotWritable``).
    """
    datasets = need("datasets", "hf", "writing Hugging Face datasets")
    arrow = need("pyarrow", "parquet", "writing Hugging Face datasets")
    waiting = iter(items)
    piece = list(islice(waiting, _PIECE))
    tables = Tables(piece)
    parts = []
    while piece:
        parts.append(tables.of(piece))
        piece = list(islice(waiting, _PIECE))
    table = arrow.concat_tables(parts) if parts else tables.schema.empty_table()
    with whole_folder(path) as folder:
        # Its own fingerprint would pickle the table; the name is of no account for a folder.
        datasets.Dataset(table, fingerprint=secrets.token_hex(8)).save_to_disk(str(folder))
    return []
