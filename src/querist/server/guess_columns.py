"""Which column of a table is what: by its name, else by its values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from querist.core.errors import DataError, shorten
from querist.data.formats import csv_format
from querist.data.formats.answers import carried
from querist.data.formats.reading import Reading, json_lines
from querist.data.formats.rows import KEPT, LABEL_NAMES, TEXT_NAMES, Roles
from querist.data.image_folder import IMAGE_SUFFIXES

__all__ = ["Columns", "guess_columns", "table_rows"]

_FEW = 20


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns are.

    Args:
        columns: all, in order.
        modality: "text", "image" or "table", or None.
        text: the text.
        id: the id.
        label: the label.
        file: the image file.
        features: the fields of a table.
        unknown: (what, why, choices) of what has to be asked.
        notes: sentences worth the user's eye.
        ours: querist wrote the file.
    """

    columns: tuple[str, ...]
    modality: str | None = None
    text: str | None = None
    id: str | None = None
    label: str | None = None
    file: str | None = None
    features: tuple[str, ...] = ()
    unknown: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    notes: tuple[str, ...] = ()
    ours: bool = False


def table_rows(format: str, path: Path, reading: Reading, count: int) -> tuple[list[str], list[dict[str, Any]], bool]:
    """The columns, the first ``count`` rows, and whether these are all.

    Raises:
        DataError: what cannot be read; no rows (code ``EmptyPool``).
    """
    columns, rows = _opened(format, path, reading)
    first = list(islice(rows, count))
    whole = next(rows, None) is None
    if not first:
        raise DataError(f"the pool has 0 items: {path.name} has no rows", code="EmptyPool")
    return columns or list(dict.fromkeys(key for row in first for key in row)), first, whole


def _opened(format: str, path: Path, reading: Reading) -> tuple[list[str], Iterator[dict[str, Any]]]:
    if format == "csv":
        rows = csv_format.rows(path, reading)
        header = next(rows)[1]
        return [h for h in header if h], ({h: c for h, c in zip(header, row, strict=True) if h} for _, row in rows)
    if format == "jsonl":
        return [], (row for _, row in json_lines(path, reading))
    if format == "parquet":
        from querist.data.formats.parquet import open_rows

        return open_rows(path, reading)
    from querist.data.formats.hf_datasets import open_rows as open_dataset

    return open_dataset(path)


def guess_columns(
    columns: Sequence[str],
    rows: Sequence[dict[str, Any]],
    given: Reading,
    path: Path,
    classes: Sequence[str] | None = None,
) -> Columns:
    """What the columns are.

    Args:
        columns: their names.
        rows: the first rows.
        given: columns that are known.
        path: of the file, below whose folder image files are looked for.
        classes: names of the classes, where they are known: only a column that holds them can be the label.

    Raises:
        DataError: a column that is asked for is not there (code ``NoColumn``).
    """
    if any(_is_ours(row.get(KEPT)) for row in rows):
        return Columns(tuple(columns), ours=True)
    roles = Roles.of(columns, given, path.name)
    notes: list[str] = []
    unknown: list[tuple[str, str, tuple[str, ...]]] = []
    id, again = roles.id, _repeated(rows, roles.id)
    if id is not None and again is not None:
        notes.append(f"column {id!r} has {shorten(repr(again), 40)} twice: ids are made from the content")
        id = ""
    label = roles.label
    if label is None:
        like = [c for c in roles.rest if _like_label(rows, c) and (not classes or _holds(rows, c, classes))]
        if like:
            notes.append(f"no column is called {', '.join(LABEL_NAMES[:3])}; {', '.join(like)} could be the label")
    text = roles.text
    free = [c for c in columns if c not in (roles.id, label)]
    image = roles.file if text is None else None
    if text is None:
        image = (
            image if image is not None and _images(rows, image) else next((c for c in free if _images(rows, c)), None)
        )
    modality: str | None
    features: tuple[str, ...] = ()
    if text is not None:
        modality = "text"
    elif image is not None:
        modality = "image"
    else:
        text, modality, features = _by_values(free, rows, unknown)
    return Columns(tuple(columns), modality, text, id, label, image, features, tuple(unknown), tuple(notes))


def _by_values(
    free: list[str], rows: Sequence[dict[str, Any]], unknown: list[tuple[str, str, tuple[str, ...]]]
) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Text column, modality and features of a table in which no name tells."""
    lengths = {c: size for c in free if (size := _prose(rows, c)) > 0}
    ranked = sorted(lengths, key=lambda c: -lengths[c])
    if ranked and (len(ranked) == 1 or lengths[ranked[1]] < lengths[ranked[0]] / 2):
        return ranked[0], "text", ()
    if ranked:
        why = f"several columns hold text, and none is called {', '.join(TEXT_NAMES)}"
        unknown.append(("text", why, tuple(ranked)))
        return None, "text", ()
    if free and any(_numeric(rows, c) for c in free):
        return None, "table", tuple(free)
    words = [c for c in free if all(isinstance(row.get(c), str) for row in rows)]
    if len(words) == 1:
        return words[0], "text", ()
    why = "no column holds longer texts, numbers or names of image files"
    unknown.append(("text", why, tuple(words or free)))
    return None, None, ()


def _values(rows: Sequence[dict[str, Any]], column: str) -> list[Any]:
    return [v for row in rows if (v := row.get(column)) is not None and v != ""]


def _is_ours(kept: Any) -> bool:
    if kept == 1 and not isinstance(kept, bool):
        return True
    if not isinstance(kept, str) or not kept.startswith("{"):
        return False
    try:
        return bool(carried(json.loads(kept)))
    except ValueError:
        return False


def _repeated(rows: Sequence[dict[str, Any]], column: str | None) -> Any:
    seen: set[Any] = set()
    for row in rows if column is not None else ():
        value = row.get(str(column))
        if isinstance(value, (str, int)):
            if value in seen:
                return value
            seen.add(value)
    return None


def _like_label(rows: Sequence[dict[str, Any]], column: str) -> bool:
    """Few different texts, each of which comes again."""
    values = [v for v in _values(rows, column) if isinstance(v, (str, bool))]
    different = set(values)
    short = all(len(str(v)) <= 40 and _decimal(v) is None for v in different)
    return len(values) >= 10 and 2 <= len(different) <= min(_FEW, len(values) / 3) and short


def _holds(rows: Sequence[dict[str, Any]], column: str, classes: Sequence[str]) -> bool:
    """Whether a column holds nothing but such names."""
    return {str(v).strip().casefold() for v in _values(rows, column)} <= {c.casefold() for c in classes}


def _prose(rows: Sequence[dict[str, Any]], column: str) -> float:
    """Mean length of a column of sentences; 0 where it is none."""
    values = _values(rows, column)
    if not values or not all(isinstance(v, str) for v in values):
        return 0.0
    several = sum(1 for v in values if len(v.split()) > 2 or len(v) > 30)
    if several < len(values) / 2 or len(set(values)) < len(values) / 2:
        return 0.0
    return sum(map(len, values)) / len(values)


def _numeric(rows: Sequence[dict[str, Any]], column: str) -> bool:
    values = _values(rows, column)
    return bool(values) and all(_decimal(v) is not None for v in values)


def _decimal(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _images(rows: Sequence[dict[str, Any]], column: str) -> bool:
    values = _values(rows, column)
    return bool(values) and all(
        isinstance(v, str) and Path(v).suffix.lower() in IMAGE_SUFFIXES and len(v) < 300 for v in values
    )
