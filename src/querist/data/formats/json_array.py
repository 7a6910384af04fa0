"""The objects of a JSON array, read one by one: a file of any size, one object in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from querist.core.errors import DataError, shorten
from querist.data.formats.reading import Reading, text_lines
from querist.data.strict_json import DECODER, DEEPEST, RefusedError, check, doubtful

__all__ = ["array_objects"]

_PIECE = 1 << 16
_LONGEST = 32 << 20
_BLANKS = " \t\r\n"


def array_objects(path: Path, reading: Reading) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file that holds a JSON array, or one object, with the lines where they begin.

    Raises:
        DataError: no such file (code ``BadRow``, with line and column; broken JSON cannot be skipped), another encoding
            (``BadEncoding``), nothing in it (``EmptyPool``).
    """
    text = _Text(path, reading)
    first = text.peek()
    if first == "":
        raise DataError(f"the pool has 0 items: {path.name} is empty", code="EmptyPool")
    if first != "[":
        yield text.object()
        text.end()
        return
    text.take()
    if text.peek() == "]":
        raise DataError(f"the pool has 0 items: {path.name} holds an empty list", code="EmptyPool")
    while True:
        yield text.object()
        mark = text.peek()
        if mark not in (",", "]"):
            raise text.broken(f"a comma or ] is needed, got {mark!r}" if mark else "the list is not closed")
        text.take()
        if mark == "]":
            break
    text.end()


class _Text:
    """A file as a text that is read on demand, with the line and column of its front."""

    def __init__(self, path: Path, reading: Reading) -> None:
        self._name = path.name
        self._lines = text_lines(path, reading)
        self._front, self._at = "", 0
        self._line, self._column = 1, 1
        self._done = False

    def peek(self) -> str:
        """The next letter that is no blank; "" at the end."""
        while True:
            while self._at < len(self._front) and self._front[self._at] in _BLANKS:
                self._pass(self._at + 1)
            if self._at < len(self._front):
                return self._front[self._at]
            if not self._more(_PIECE):
                return ""

    def take(self) -> None:
        """Go over one letter."""
        self._pass(self._at + 1)

    def object(self) -> tuple[int, dict[str, Any]]:
        """The object that stands here, and its line."""
        self.peek()
        line = self._line
        want = _PIECE
        while True:
            try:
                value, stop = DECODER.raw_decode(self._front, self._at)
                break
            except RefusedError as error:
                raise self.broken(str(error)) from None
            except RecursionError:
                raise self.broken(f"more than {DEEPEST} levels") from None
            except json.JSONDecodeError as error:
                # It may only be cut off where our piece ends.
                if len(self._front) - self._at > _LONGEST:
                    raise self.broken(f"an object of more than {_LONGEST >> 20} MiB, or broken JSON") from error
                if not self._more(want):
                    self._pass(error.pos)
                    raise self.broken(error.msg) from error
                want *= 2
        if not isinstance(value, dict):
            raise self.broken(f"an object {{...}} is needed, got {shorten(repr(value), 40)}")
        try:
            if doubtful(self._front[self._at : stop]):
                check(value)
        except ValueError as error:
            raise self.broken(str(error)) from error
        self._pass(stop)
        return line, value

    def end(self) -> None:
        """Refuse what stands behind."""
        rest = self.peek()
        if rest:
            raise self.broken(f"nothing may stand here, got {rest!r}")

    def broken(self, why: str) -> DataError:
        """The error of this place."""
        return DataError(f"{self._name}, line {self._line}, column {self._column}: {why}; mend the file", code="BadRow")

    def _pass(self, to: int) -> None:
        passed = self._front[self._at : to]
        breaks = passed.count("\n")
        if breaks:
            self._line += breaks
            self._column = len(passed) - passed.rfind("\n")
        else:
            self._column += len(passed)
        self._at = to

    def _more(self, letters: int) -> bool:
        """Read on; whether there was anything."""
        if self._done:
            return False
        parts = [self._front[self._at :]]
        got = 0
        while got < letters:
            piece = next(self._lines, None)
            if piece is None:
                self._done = True
                break
            parts.append(piece[1])
            got += len(piece[1])
        self._front, self._at = "".join(parts), 0
        return got > 0
