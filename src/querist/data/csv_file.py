"""Sources from CSV and TSV files: every fault has its line."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from querist.core.errors import DataError, QueristWarning, shorten
from querist.data.source import Noticed, Source
from querist.data.table import Columns, table_source
from querist.data.text_file import read_text

__all__ = ["csv_source"]

_LONGEST = 1 << 20
"""Characters a field may have."""


def csv_source(path: Path, wanted: Columns, *, dedupe: bool = False, skip_bad: bool = False) -> Source:
    """Read a CSV or TSV file with a header; columns without a name are left out with a warning.

    Args:
        path: the file; tabs separate the fields of a .tsv.
        wanted: which column is what.
        dedupe: drop items that repeat the content of an earlier one.
        skip_bad: leave rows with a wrong number of fields out instead of stopping.

    Raises:
        DataError: a row with another number of fields than the header, an open quote, a field of more than a million
            characters (code ``BadRow``, with the line), a bad header (``BadHeader``), not UTF-8 (``BadEncoding``), a
            missing column (``NoColumn``), no rows (``EmptyPool``).
    """
    name = path.name
    header: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    skipped: list[tuple[int, str]] = []
    text = read_text(path)
    with _long_fields():
        for line, row in _rows(text, "\t" if path.suffix.lower() == ".tsv" else ",", name):
            if not header:
                header = [h.strip() for h in row]
                _check_header(header, line, name)
            elif len(row) == len(header):
                rows.append(row)
                lines.append(line)
            else:
                fault = f"{len(row)} fields where the header has {len(header)}"
                if not skip_bad:
                    raise DataError(
                        f"{name}, line {line}: {fault}; mend it or pass skip_bad (--skip-bad)", code="BadRow"
                    )
                skipped.append((line, fault))
    nameless = [k + 1 for k, h in enumerate(header) if not h]
    if nameless:
        warnings.warn(
            f"{name}: column {', '.join(map(str, nameless))} has no name in the header and is left out",
            QueristWarning,
            stacklevel=2,
        )
    columns = {h: [row[k] for row in rows] for k, h in enumerate(header) if h}
    noticed = Noticed(skipped=tuple(skipped))
    return table_source(columns, wanted, name=name, dedupe=dedupe, noticed=noticed, lines=lines)


def _rows(text: str, delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with the line where it begins."""
    # newline="" leaves line ends to the csv module; str.splitlines would break fields at exotic separators.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    began = 1
    try:
        for row in reader:
            if row:
                yield began, row
            began = reader.line_num + 1
    except csv.Error as error:
        if "unexpected end" in str(error):
            fault = "a quote is opened in this row and never closed"
        elif "field larger" in str(error):
            fault = f"a field has more than {_LONGEST:,} characters; is a quote left open?"
        else:
            fault = f"{error}: a quote inside a quoted field is written twice"
        raise DataError(f"{name}, line {began}: {fault}", code="BadRow") from error


@contextmanager
def _long_fields() -> Iterator[None]:
    """The csv module has one limit for the whole process: ours while we read, then the old one."""
    before = csv.field_size_limit(_LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _check_header(header: list[str], line: int, name: str) -> None:
    twice = next((h for h in header if h and header.count(h) > 1), None)
    if twice is not None:
        raise DataError(f"{name}, line {line}: column {shorten(twice)!r} stands there twice", code="BadHeader")
    if not any(header) or all(_is_number(h) for h in header):
        raise DataError(
            f"{name}, line {line}: a header with the names of the columns is needed, got "
            f"{shorten(', '.join(header))!r}",
            code="BadHeader",
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
