"""On which line of a TOML text a key stands: found by scanning the text for the key's path."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["line_of"]

_HEADER = re.compile(r"^\s*\[+\s*([^\[\]]+?)\s*\]+\s*(#.*)?$")
_KEY = re.compile(r"^\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*=")


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(p.strip().strip("\"'") for p in dotted.split("."))


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """The line (from 1) where ``path`` is set, or where the nearest table around it begins; None when not found.

    >>> line_of("[run]\\nbatch = 3\\n", ["run", "batch"])
    2
    """
    wanted = tuple(str(p) for p in path if not isinstance(p, int))
    table: tuple[str, ...] = ()
    best: tuple[int, int] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        key = _KEY.match(line)
        if header:
            table = _parts(header.group(1))
            here = table
        elif key:
            here = table + _parts(key.group(1))
        else:
            continue
        if here == wanted:
            return number
        if wanted[: len(here)] == here and (best is None or len(here) > best[0]):
            best = (len(here), number)
    return None if best is None else best[1]
