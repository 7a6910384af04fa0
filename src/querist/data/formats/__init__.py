"""Formats in and out, one file a format: each has ``read(path, reading)`` and ``write(items, path, about)``."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from querist.core.errors import UnknownNameError, nearest, shorten

if TYPE_CHECKING:
    from querist.data.formats.exported import About, Exported, Lost
    from querist.data.formats.reading import Reading
    from querist.data.record import Record

__all__ = ["FORMATS", "SUFFIXES", "read_records", "write_records"]

FORMATS = {
    "csv": "csv_format",
    "jsonl": "jsonl",
    "parquet": "parquet",
    "label-studio": "label_studio",
    "prodigy": "prodigy",
    "doccano": "doccano",
    "conll": "conll",
    "datasets": "hf_datasets",
    "images": "images",
}
"""The module of each format."""
SUFFIXES = {
    "csv": ".csv",
    "jsonl": ".jsonl",
    "parquet": ".parquet",
    "label-studio": ".json",
    "prodigy": ".jsonl",
    "doccano": ".jsonl",
    "conll": ".conll",
    "datasets": "",
    "images": "",
}
"""How the file of each format ends; "" for a folder."""


_ADDRESS = re.compile(r"\s*([a-z][a-z0-9+.-]*://|//|\\\\|(data|file|blob|javascript|about):)", re.IGNORECASE)


def read_records(format: str, path: Path, reading: Reading | None = None) -> Iterator[Record]:
    """The records of a file, one by one.

    Args:
        format: a name from `FORMATS`.
        path: the file or folder.
        reading: how it is read.

    Raises:
        UnknownNameError: no such format (code ``UnknownFormat``). DataError: what cannot be read, with its place.
        ResourceError: an extra is missing (code ``MissingExtra``).
    """
    from querist.data.formats.reading import Reading

    path, reading = Path(path), reading or Reading()
    found: Iterator[Record] = _module(format).read(path, reading)
    return found if format == "images" else _on_disk(found, path.name, reading)


def _on_disk(records: Iterator[Record], name: str, reading: Reading) -> Iterator[Record]:
    """Records whose picture is a file; one that is an address is bad: nothing is ever fetched."""
    from querist.data.formats.reading import bad_row

    for place, record in enumerate(records, start=1):
        if record.file is not None and _ADDRESS.match(record.file):
            why = "its picture is an address, which is not allowed: nothing is fetched; name a file below the folder"
            bad_row(reading, name, place, why, unit="record", code="AddressNotAllowed")
            continue
        yield record


def write_records(format: str, items: Iterable[Exported], path: Path, about: About | None = None) -> list[Lost]:
    """Write items to a file, whole or not at all, and say what the format has no place for.

    Args:
        format: a name from `FORMATS`.
        items: what to write; read once, piece by piece.
        path: the file or folder.
        about: of the project.

    Raises:
        UnknownNameError: no such format (code ``UnknownFormat``).
        ResourceError: it cannot be written (code ``NotWritable``, ``DiskFull``), or an extra is missing
            (``MissingExtra``).
    """
    from querist.data.formats.exported import About

    lost: list[Lost] = _module(format).write(items, Path(path), about or About())
    return lost


def _module(format: str) -> Any:
    if format not in FORMATS:
        near = nearest(str(format), FORMATS)
        raise UnknownNameError(
            f"unknown format {shorten(format)!r}; known are {', '.join(FORMATS)}"
            + (f". Did you mean {near[0]!r}?" if near else ""),
            code="UnknownFormat",
        )
    return importlib.import_module(f"querist.data.formats.{FORMATS[format]}")
