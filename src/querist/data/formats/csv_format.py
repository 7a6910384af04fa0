"""CSV and TSV: read row by row, written so that no cell is a formula to a spreadsheet and all comes back to the letter."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from querist.core.errors import DataError, shorten
from querist.core.types import Json
from querist.data.formats.exported import About, Exported, Lost, whole_file
from querist.data.formats.reading import Reading, bad_row, text_lines
from querist.data.formats.rows import KEPT, Layout, Roles, ours, record_of
from querist.data.record import Record

__all__ = ["neutral", "read", "rows", "write"]

_LONGEST = 1 << 20
"""Characters a field may have."""
_LONGEST_KEPT = 1 << 26
_ROWS, _LETTERS = 500, 1 << 20
"""How much is parsed at a time."""
_LIVE = re.compile("[\\s\ufeff]*[=+\\-@\t\r\0＝＋－＠]")
"""What a spreadsheet may run: also behind blanks and a byte order mark. A tab or return at the front counts as such."""


def read(path: Path, reading: Reading) -> Iterator[Record]:
    """The records of a CSV file with a header; the fields of a .tsv are parted by tabs.

    Raises:
        DataError: a missing column (code ``NoColumn``), a header that is none (``BadHeader``), a row with another number
            of fields or an open quote (``BadRow``, with the line), not UTF-8 (``BadEncoding``).
    """
    header: list[str] | None = None
    roles: Roles | None = None
    for line, row in rows(path, reading):
        if header is None or roles is None:
            header = row
            roles = Roles.of([h for h in row if h], reading, path.name)
            continue
        values = dict(zip(header, row, strict=True))
        try:
            record = ours(values, _kept(values[KEPT]), reading) if KEPT in values else None
            record = record or record_of(values, roles, reading, cells=True)
        except ValueError as error:
            bad_row(reading, path.name, line, str(error), cause=error)
            continue
        yield record


def rows(path: Path, reading: Reading) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file with the lines where they begin; the header, checked, comes first.

    Raises:
        DataError: see `read`.
    """
    name = path.name
    width = 0
    for line, row in _parsed(path, reading):
        if not width:
            row = [h.strip() for h in row]
            _check_header(row, line, name)
            width = len(row)
        elif len(row) != width:
            bad_row(reading, name, line, f"{len(row)} fields where the header has {width}")
            continue
        yield line, row
    if not width:
        raise DataError(f"the pool has 0 items: {name} is empty", code="EmptyPool")


def _parsed(path: Path, reading: Reading) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with the line where it begins."""
    seen = 1

    def lines() -> Iterator[str]:
        nonlocal seen
        for number, text in text_lines(path, reading, returns=True):
            seen = number
            yield text

    tab = "\t" if path.name.lower().removesuffix(".gz").endswith(".tsv") else ","
    reader = csv.reader(lines(), delimiter=tab, strict=True)
    began = 1
    error: csv.Error | None = None
    more = True
    while more and error is None:
        piece: list[tuple[int, list[str]]] = []
        letters = 0
        with _long_fields():  # only while we read: others may read CSV between two rows
            while len(piece) < _ROWS and letters < _LETTERS:
                try:
                    row = next(reader)
                except StopIteration:
                    more = False
                    break
                except csv.Error as found:
                    error = found
                    break
                if row:
                    piece.append((began, row))
                    letters += sum(map(len, row))
                began = seen + 1
        for line, row in piece:
            if max(map(len, row)) > _LONGEST and KEPT not in row and not _is_kept(row[-1]):
                raise _bad(path, line, f"a field has more than {_LONGEST:,} characters; is a quote left open?")
            yield line, row
    if error is None:
        return
    if "unexpected end" in str(error):
        fault = "a quote is opened in this row and never closed"
    elif "field larger" in str(error):
        fault = f"a field has more than {_LONGEST_KEPT:,} characters; is a quote left open?"
    else:
        fault = f"{error}: a quote inside a quoted field is written twice"
    raise _bad(path, began, fault) from error


def _bad(path: Path, line: int, fault: str) -> DataError:
    return DataError(f"{path.name}, line {line}: {fault}", code="BadRow")


def _is_kept(cell: str) -> bool:
    return cell.startswith('{"v":')


@contextmanager
def _long_fields() -> Iterator[None]:
    before = csv.field_size_limit(_LONGEST_KEPT)
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


def _kept(cell: str) -> Any:
    if not cell:
        return None
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return cell  # a column of that name that is not ours


def neutral(text: str) -> str:
    """``text`` as a cell that no spreadsheet takes for a formula, and that a CSV file can hold.

    >>> neutral("=1+1"), neutral(" @x"), neutral("a=b"), neutral("-")
    ("'=1+1", "' @x", 'a=b', "'-")
    """
    safe = text.replace("\0", "\u2400")
    return "'" + safe if _LIVE.match(text) else safe


def write(items: Iterable[Exported], path: Path, about: About) -> list[Lost]:
    """Write a CSV file (a .tsv with tabs); nothing is lost: what a plain cell cannot hold is in the column ``querist``.

    Args:
        items: what to write; read once, a piece at a time.
        path: the file; it appears whole or not at all.
        about: of the project.
    """
    waiting = iter(items)
    first = list(islice(waiting, 1_000))
    layout = Layout(first)
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    with whole_file(path) as file, _text_of(file) as text:
        writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
        writer.writerow([neutral(c) for c in layout.columns])
        for item in chain(first, waiting):
            values, kept = layout.row(item)
            writer.writerow(_cells(values, kept, layout))
    return []


def _cells(values: Mapping[str, Any], kept: dict[str, Json], layout: Layout) -> list[str]:
    out: list[str] = []
    exact: dict[str, Json] = {}
    for column, value in values.items():
        cell, plain = _cell(value)
        out.append(cell)
        if cell != plain:
            exact["label_cell" if column == "label" else column] = cell if column == "label" else value
    changed = {k: v for k, v in exact.items() if k in ("id", "text", "file", "label_cell")}
    if changed:
        earlier: Any = kept.get("exact", {})
        kept = {"v": 1, **kept, "exact": {**earlier, **changed}}
    out.append(json.dumps(kept, ensure_ascii=False, separators=(",", ":")).replace("\0", "\\u0000") if kept else "")
    return out


def _cell(value: Json) -> tuple[str, str]:
    """A value as a cell, and as it would stand there if cells could hold anything."""
    if value is None:
        return "", ""
    if isinstance(value, bool):
        return str(value).lower(), str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value), repr(value)
    plain = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return neutral(plain), plain


@contextmanager
def _text_of(file: IO[bytes]) -> Iterator[IO[str]]:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        yield text
        text.flush()
    finally:
        text.detach()
