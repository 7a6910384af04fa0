"""Sources from JSONL files: one JSON object a line, held to what JSON, SQLite and other programs can carry."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Any

from querist.core.errors import DataError, shorten
from querist.data.source import Noticed, Source
from querist.data.strict_json import parse_object
from querist.data.table import LABEL_NAMES, Columns, table_source
from querist.data.text_file import check_file, decode_text, read_text

__all__ = ["jsonl_rows", "jsonl_source"]

_LARGEST = 1 << 30


def jsonl_source(path: Path, wanted: Columns, *, dedupe: bool = False, skip_bad: bool = False) -> Source:
    """Read a .jsonl or .jsonl.gz file. A column is a key that every object has, or one that is asked for by name.

    Args:
        path: the file.
        wanted: which key is what.
        dedupe: drop items that repeat the content of an earlier one.
        skip_bad: leave bad lines out instead of stopping.

    Raises:
        DataError: a broken line, NaN, Infinity, a key twice, more than 32 levels, a whole number beyond 64 bits, half a
            surrogate pair (code ``BadRow``, with line and column), a missing key (``NoColumn``), no rows
            (``EmptyPool``), not UTF-8 (``BadEncoding``).
    """
    rows, lines, skipped = jsonl_rows(path, skip_bad=skip_bad)
    columns = _columns(rows, wanted)
    if rows and not columns:
        raise DataError(
            f"{path.name}: no key stands in every line; line {lines[0]} has {shorten(', '.join(rows[0]), 200) or 'none'}",
            code="NoColumn",
        )
    noticed = Noticed(skipped=tuple(skipped))
    return table_source(columns, wanted, name=path.name, dedupe=dedupe, noticed=noticed, lines=lines)


def jsonl_rows(path: Path, *, skip_bad: bool = False) -> tuple[list[dict[str, Any]], list[int], list[tuple[int, str]]]:
    """The objects of a file, the line of each, and line and reason of those that were left out.

    Raises:
        DataError: see `jsonl_source`.
    """
    name = path.name
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    skipped: list[tuple[int, str]] = []
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            rows.append(parse_object(line))
            lines.append(number)
        except ValueError as error:
            if not skip_bad:
                raise DataError(
                    f"{name}, line {number}, {error}; mend it, or leave such rows out with skip_bad (--skip-bad)",
                    code="BadRow",
                ) from error
            skipped.append((number, str(error)))
    return rows, lines, skipped


def _columns(rows: list[dict[str, Any]], wanted: Columns) -> dict[str, list[Any]]:
    """Values by key: keys that all rows have, those asked for, and the label, which may be missing here and there."""
    counts: dict[str, int] = {}
    for row in rows:
        for key in row:
            counts[key] = counts.get(key, 0) + 1
    kept = [k for k, n in counts.items() if n == len(rows) or k in wanted.named or k.lower() in LABEL_NAMES]
    return {k: [row.get(k) for row in rows] for k in kept}


def _text(path: Path) -> str:
    if path.suffix.lower() != ".gz":
        return read_text(path)
    check_file(path)
    try:
        with gzip.open(path) as file:
            data = file.read(_LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path.name} is no whole gzip file: {error}", code="NoData") from error
    if len(data) > _LARGEST:
        raise DataError(f"{path.name} unpacks to more than 1 GiB; unpack it yourself", code="NoData")
    return decode_text(data, path.name)
