"""Sources from CSV and TSV files: every fault has its line."""

from __future__ import annotations

import csv
from pathlib import Path

from querist.core.errors import DataError, shorten
from querist.data.source import Noticed, Source
from querist.data.table import Columns, table_source
from querist.data.text_file import read_text

__all__ = ["csv_source"]

csv.field_size_limit(1 << 20)


def csv_source(path: Path, wanted: Columns, *, dedupe: bool = False, skip_bad: bool = False) -> Source:
    """Read a CSV or TSV file with a header.

    Raises:
        DataError: a row with another number of fields than the header, an open quote (``BadRow``), not UTF-8
            (``BadEncoding``), a missing column (``NoColumn``), no rows (``EmptyPool``).
    """
    name = path.name
    lines = read_text(path).splitlines(keepends=True)
    reader = csv.reader(lines, delimiter="\t" if path.suffix.lower() == ".tsv" else ",", strict=True)
    header: list[str] = []
    rows: list[list[str]] = []
    skipped: list[tuple[int, str]] = []
    began = 1
    try:
        for row in reader:
            line, began = began, reader.line_num + 1
            if not row:
                continue
            if not header:
                header = [h.strip() for h in row]
                _check_header(header, name)
            elif len(row) != len(header):
                fault = f"{len(row)} fields where the header has {len(header)}"
                if not skip_bad:
                    raise DataError(
                        f"{name}, line {line}: {fault}; mend it or pass skip_bad (--skip-bad)", code="BadRow"
                    )
                skipped.append((line, fault))
            else:
                rows.append(row)
    except csv.Error as error:
        raise DataError(
            f"{name}, line {began}: {error}; a quote that is opened there is not closed, or a field is too long",
            code="BadRow",
        ) from error
    columns = {h: [row[k] for row in rows] for k, h in enumerate(header)}
    return table_source(columns, wanted, name=name, dedupe=dedupe, noticed=Noticed(skipped=tuple(skipped)))


def _check_header(header: list[str], name: str) -> None:
    twice = next((h for h in header if header.count(h) > 1), None)
    if twice is not None:
        raise DataError(f"{name}, line 1: column {shorten(twice)!r} stands there twice", code="BadRow")
