"""What all readers share: how a file is to be read, its lines one by one, and what is done with a bad row."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias

from querist.core.errors import ArgumentError, DataError, shorten_path
from querist.data.text_file import check_file

__all__ = ["Reading", "Task", "bad_row", "check_text", "json_lines", "text_lines"]

Task: TypeAlias = Literal["single", "multi", "number", "spans"]
_LONGEST_LINE = 64 << 20
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_COLUMN = re.compile(r"column [0-9]")
_LONE_RETURN = re.compile(r"\r(?!\n)")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read; the defaults look for the usual names.

    Args:
        text: column of the text.
        id: column of the id; "" for none: ids are made from the content.
        label: column of the label.
        file: column of the image file.
        features: columns that become fields; None for all that are nothing else.
        task: what a label is: "single", "multi", "number" or "spans"; None goes by its look.
        separator: what parts several classes in one cell of a table, e.g. "|".
        bad: called with line number and reason for each row that is left out; None refuses the file instead.
        most_bytes: largest file that is taken, or None.
        longest: most characters a text may have, or None.
    """

    text: str | None = None
    id: str | None = None
    label: str | None = None
    file: str | None = None
    features: tuple[str, ...] | None = None
    task: Task | None = None
    separator: str | None = None
    bad: Callable[[int, str], None] | None = None
    most_bytes: int | None = None
    longest: int | None = None

    def __post_init__(self) -> None:
        """Check the task and that each column has one part."""
        if self.task not in (None, "single", "multi", "number", "spans"):
            raise ArgumentError(f"task must be single, multi, number or spans, got {self.task!r}", code="BadArgument")
        named = [name for name in (self.text, self.id, self.label, self.file, *(self.features or ())) if name]
        twice = next((name for name in named if named.count(name) > 1), None)
        if twice is not None:
            raise ArgumentError(f"column {twice!r} is asked for in two parts; each has one", code="BadColumns")


def bad_row(
    reading: Reading,
    name: str,
    line: int,
    reason: str,
    *,
    unit: str = "line",
    cause: object = None,
    code: str = "BadRow",
) -> None:
    """Leave a row out where that is wanted, else refuse the file.

    Raises:
        DataError: code ``BadRow`` unless another is given, with file, line and reason.
    """
    if reading.bad is None:
        where = f"{name}, {unit} {line}" + ("," if _COLUMN.match(reason) else ":")
        raise DataError(
            f"{where} {reason}; mend it, or leave such rows out with skip_bad (--skip-bad)", code=code
        ) from (cause if isinstance(cause, BaseException) else None)
    reading.bad(line, reason)


def check_text(reading: Reading, text: str | None) -> str:
    """Why a text is refused, or ""."""
    if text is not None and reading.longest is not None and len(text) > reading.longest:
        return f"a text of {len(text):,} characters; at most {reading.longest:,} are taken"
    return ""


def text_lines(path: Path, reading: Reading, *, returns: bool = False) -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 file with their numbers from 1, line ends kept; one line is in memory at a time.

    Args:
        path: the file; a name that ends in .gz is unpacked.
        reading: its limit on bytes is heeded, for packed files on what comes out.
        returns: a carriage return alone ends a line too.

    Raises:
        DataError: unreadable (code ``NoData``), another encoding or a NUL (``BadEncoding``, with the byte offset), too
            large (``TooLarge``).
    """
    name = path.name
    longest = min(_LONGEST_LINE, reading.most_bytes or _LONGEST_LINE)
    with _opened(path, reading) as file:
        offset, number = 0, 0
        while True:
            try:
                line = file.readline(longest + 1)
            except (OSError, EOFError, zlib.error) as error:
                raise DataError(f"{name} cannot be read to its end: {error}", code="NoData") from error
            if not line:
                return
            number += 1
            if offset == 0:
                line = _without_mark(line, name)
            if len(line) > longest:
                raise DataError(
                    f"{name}, line {number}: a line of more than {longest / (1 << 20):g} MiB", code="TooLarge"
                )
            text = _decoded(line, name, offset)
            offset += len(line)
            if reading.most_bytes is not None and offset > reading.most_bytes:
                raise _too_large(name, reading.most_bytes)
            if returns and "\r" in text:
                ends = [m.end() for m in _LONE_RETURN.finditer(text) if m.end() < len(text)]
                for start, stop in zip([0, *ends], [*ends, len(text)], strict=True):
                    yield number, text[start:stop]
            else:
                yield number, text


def json_lines(path: Path, reading: Reading) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file with an object a line, with the numbers of their lines.

    Raises:
        DataError: see `text_lines`; a line that is no such object (code ``BadRow``, with line and column).
    """
    from querist.data.strict_json import parse_object

    for number, line in text_lines(path, reading):
        if not line.strip():
            continue
        try:
            yield number, parse_object(line.rstrip("\r\n"))
        except ValueError as error:
            bad_row(reading, path.name, number, str(error), cause=error)


@contextmanager
def _opened(path: Path, reading: Reading) -> Iterator[IO[bytes]]:
    check_file(path)
    size = path.stat().st_size
    if reading.most_bytes is not None and size > reading.most_bytes:
        raise _too_large(path.name, reading.most_bytes)
    packed = path.suffix.lower() == ".gz"
    if packed and reading.most_bytes is not None:
        _measure(path, reading.most_bytes)
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            yield file  # type: ignore[misc]
    except OSError as error:
        raise DataError(f"cannot read {shorten_path(path)}: {error.strerror or error}", code="NoData") from error


def _measure(path: Path, most: int) -> None:
    """Refuse a packed file that is too large unpacked, before a line of it is read: lines take far longer than bytes."""
    size = 0
    try:
        with gzip.open(path) as file:
            while piece := file.read(1 << 20):
                size += len(piece)
                if size > most:
                    raise _too_large(path.name, most)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path.name} cannot be read to its end: {error}", code="NoData") from error


def _too_large(name: str, most: int) -> DataError:
    return DataError(f"{name} is larger than {most / (1 << 20):g} MiB, the most that is taken here", code="TooLarge")


def _without_mark(line: bytes, name: str) -> bytes:
    for mark, encoding in _MARKS:
        if line.startswith(mark):
            raise DataError(f"{name} is {encoding} (its mark stands at byte 0); save it as UTF-8", code="BadEncoding")
    return line


def _decoded(line: bytes, name: str, offset: int) -> str:
    skipped = len(codecs.BOM_UTF8) if offset == 0 and line.startswith(codecs.BOM_UTF8) else 0
    nul = line.find(b"\0")
    if nul >= 0:
        even = max(line[0:200:2].count(0), line[1:200:2].count(0))
        guess = "UTF-16 without a mark" if even > len(line[:200]) // 4 else "not text, or damaged"
        raise DataError(f"{name} holds a NUL at byte {offset + nul} ({guess}); save it as UTF-8", code="BadEncoding")
    try:
        return line[skipped:].decode("utf-8")
    except UnicodeDecodeError as error:
        place = error.start + skipped
        raise DataError(
            f"{name} is not UTF-8: byte 0x{line[place]:02x} at offset {offset + place} (Latin-1 or Windows-1252?); save "
            "it as UTF-8",
            code="BadEncoding",
        ) from error
