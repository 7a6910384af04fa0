"""Sources from JSONL files: one JSON object a line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from querist.core.errors import DataError, shorten
from querist.data.source import Noticed, Source
from querist.data.table import Columns, table_source
from querist.data.text_file import read_bytes, read_text

__all__ = ["jsonl_source"]

_LARGEST = 1 << 30


def jsonl_source(path: Path, wanted: Columns, *, dedupe: bool = False, skip_bad: bool = False) -> Source:
    """Read a .jsonl or .jsonl.gz file; a column is a key that every object has.

    Raises:
        DataError: a broken line (``BadRow``, with line and column), NaN, Infinity or a key twice, no rows.
    """
    name = path.name
    rows: list[dict[str, Any]] = []
    skipped: list[tuple[int, str]] = []
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        fault = _read(line, rows)
        if fault and not skip_bad:
            raise DataError(f"{name}, line {number}: {fault}; mend it or pass skip_bad (--skip-bad)", code="BadRow")
        if fault:
            skipped.append((number, fault))
    keys = list(rows[0]) if rows else []
    columns = {k: [row.get(k) for row in rows] for k in keys if all(k in row for row in rows)}
    return table_source(columns, wanted, name=name, dedupe=dedupe, noticed=Noticed(skipped=tuple(skipped)))


def _text(path: Path) -> str:
    if path.suffix.lower() != ".gz":
        return read_text(path)
    read_bytes(path)
    try:
        with gzip.open(path) as file:
            data = file.read(_LARGEST + 1)
    except (OSError, EOFError) as error:
        raise DataError(f"{path.name} is no whole gzip file: {error}", code="NoData") from error
    if len(data) > _LARGEST:
        raise DataError(f"{path.name} unpacks to more than 1 GiB; unpack it yourself", code="NoData")
    return data.decode("utf-8", "strict")


def _read(line: str, rows: list[dict[str, Any]]) -> str:
    """Add the object of a line; what is wrong with it, or ""."""
    try:
        value = json.loads(line, parse_constant=_refuse, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        return f"column {error.colno}: {error.msg}"
    except RecursionError:
        return "nested too deeply"
    except ValueError as error:
        return str(error)
    if not isinstance(value, dict):
        return f"an object {{...}} is needed, got {type(value).__name__} {shorten(line, 40)}"
    rows.append(value)
    return ""


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in pairs:
        if key in out:
            raise ValueError(f"key {key!r} stands there twice")
        out[key] = value
    return out
