"""From named columns to a source: what CSV, JSONL, Parquet, data frames and Hugging Face datasets share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, DataError, nearest, shorten
from querist.core.types import Array, LabelValue
from querist.data.arrays import array_source, text_source
from querist.data.labels import labels_as_text
from querist.data.source import Noticed, Source

__all__ = ["LABEL_NAMES", "Columns", "check_columns", "ids_and_truth", "table_source"]

_TEXT_NAMES = ("text", "sentence", "content", "review", "document")
LABEL_NAMES = ("label", "target", "class", "y")
"""Columns that are taken for the true label when none is named."""
_ID_NAMES = ("id", "item_id", "uid")


@dataclass(frozen=True)
class Columns:
    """Which column is what; None lets the usual names be looked for.

    Args:
        text: column of the text ("text", "sentence", "content", "review" or "document" when left out).
        label: column of the true label ("label", "target", "class" or "y").
        id: column of the id ("id", "item_id" or "uid").
        features: columns of the features; all others when there is no text.

    Raises:
        ArgumentTypeError: ``features`` is one text, or a name is no text (code ``BadColumns``).
        ArgumentError: both text and features, or a column in two parts (code ``BadColumns``).
    """

    text: str | None = None
    label: str | None = None
    id: str | None = None
    features: Sequence[str] | None = None

    def __post_init__(self) -> None:
        """Check what is asked for."""
        if isinstance(self.features, str):
            raise ArgumentTypeError(
                f"features must be a list of column names, got the text {self.features!r}; write [{self.features!r}]",
                code="BadColumns",
            )
        for name in self.named:
            if not isinstance(name, str):
                raise ArgumentTypeError(
                    f"columns are named by text, got {type(name).__name__} {shorten(name)}", code="BadColumns"
                )
        if self.text is not None and self.features is not None:
            raise ArgumentError("items are texts or features, not both: drop text= or features=", code="BadColumns")
        twice = next((name for name in self.named if self.named.count(name) > 1), None)
        if twice is not None:
            raise ArgumentError(f"column {twice!r} is asked for in two parts; each has one", code="BadColumns")

    @property
    def named(self) -> list[str]:
        """The columns that are asked for by name."""
        single = [name for name in (self.text, self.label, self.id) if name is not None]
        return [*single, *(self.features or ())]


def table_source(
    columns: Mapping[str, Sequence[Any] | Array],
    wanted: Columns,
    *,
    name: str,
    ids: Sequence[Any] | None = None,
    truth: Sequence[LabelValue] | None = None,
    dedupe: bool = False,
    noticed: Noticed | None = None,
    lines: Sequence[int] | None = None,
) -> Source:
    """A text source when there is a text column, else a table of numbers.

    Args:
        columns: values by column, all of one length.
        wanted: which column is what.
        name: for messages.
        ids: ids that stand outside the columns, or None.
        truth: labels that stand outside the columns, or None.
        dedupe: drop items that repeat the content of an earlier one.
        noticed: what was noticed when reading.
        lines: line of each row in its file, for messages.

    Raises:
        DataError: a named column is not there (code ``NoColumn``, naming those found), a feature is no number
            (``BadFeatures``), a text is no text (``BadText``), labels of several kinds (``MixedLabelTypes``), no rows
            (``EmptyPool``).
    """
    left = f" ({len(noticed.skipped)} bad rows were left out)" if noticed and noticed.skipped else ""
    if not columns:
        raise DataError(f"the pool has 0 items: {name} is empty{left}", code="EmptyPool")
    check_columns(columns, wanted.named, name)
    if not any(len(values) for values in columns.values()):
        raise DataError(f"the pool has 0 items: {name} has columns and no rows{left}", code="EmptyPool")
    ids, truth, used = ids_and_truth(columns, wanted, name=name, ids=ids, truth=truth, lines=lines)
    text = wanted.text or (None if wanted.features else _first(columns, _TEXT_NAMES, wanted))
    if text is not None:
        texts = _texts(_plain(columns[text]), text, name, lines)
        return text_source(texts, ids=ids, truth=truth, name=name, dedupe=dedupe, noticed=noticed)
    features = list(wanted.features or [c for c in columns if c not in used])
    if not features:
        raise DataError(
            f"{name} has no column of text or numbers; name one with text= or features=. It has: "
            f"{shorten(', '.join(columns), 200)}",
            code="NoColumn",
        )
    parts = [_numbers(columns[c], c, name, lines) for c in features]
    names = [n for c, part in zip(features, parts, strict=True) for n in _names(c, part)]
    return array_source(
        np.column_stack(parts),
        ids=ids,
        truth=truth,
        name=name,
        dedupe=dedupe,
        modality="table",
        columns=names,
        noticed=noticed,
    )


def ids_and_truth(
    columns: Mapping[str, Sequence[Any] | Array],
    wanted: Columns,
    *,
    name: str,
    ids: Sequence[Any] | None = None,
    truth: Sequence[LabelValue] | None = None,
    lines: Sequence[int] | None = None,
) -> tuple[Sequence[Any] | None, Sequence[LabelValue] | None, set[str]]:
    """Ids and labels of a table, and the columns that they came from; given ones come first.

    Raises:
        DataError: labels of several kinds (code ``MixedLabelTypes``).
    """
    used: set[str] = set()
    label = wanted.label or _first(columns, LABEL_NAMES, wanted)
    if label is not None:
        used.add(label)
        if truth is None:
            truth = labels_as_text(_plain(columns[label]), name, lines=lines)
    id_column = wanted.id or _first(columns, _ID_NAMES, wanted)
    if id_column is not None:
        used.add(id_column)
        ids = _plain(columns[id_column]) if ids is None else ids
    return ids, truth, used


def check_columns(columns: Iterable[str], wanted: Iterable[str], name: str) -> None:
    """Refuse a column that is not there.

    Raises:
        DataError: code ``NoColumn``, naming it, the nearest and those found.
    """
    found = list(columns)
    for given in wanted:
        if given not in found:
            near = nearest(given, found)
            raise DataError(
                f"{name} has no column {given!r}; it has: {shorten(', '.join(found), 200) or 'none'}"
                + (f". Did you mean {near[0]!r}?" if near else ""),
                code="NoColumn",
            )


def _first(columns: Mapping[str, Any], names: Sequence[str], wanted: Columns) -> str | None:
    """The column of a usual name that is not asked for as something else."""
    by_lower = {c.lower(): c for c in columns if c not in wanted.named}
    return next((by_lower[n] for n in names if n in by_lower), None)


def _plain(values: Sequence[Any] | Array) -> list[Any]:
    return values.tolist() if isinstance(values, np.ndarray) else list(values)


def _place(row: int, lines: Sequence[int] | None) -> str:
    return f"row {row}" if lines is None else f"line {lines[row]}"


def _texts(values: list[Any], column: str, name: str, lines: Sequence[int] | None) -> list[str]:
    for row, value in enumerate(values):
        if not isinstance(value, str):
            raise DataError(
                f"{name}, {_place(row, lines)}: column {column!r} holds no text but {type(value).__name__} "
                f"{shorten(value)}; fill it in or leave the row out",
                code="BadText",
            )
    return values


def _numbers(values: Sequence[Any] | Array, column: str, name: str, lines: Sequence[int] | None) -> Array:
    """(N,) numbers, or (N, D) where each value is a list of numbers of one length."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "fiub":
        return values
    try:
        found = np.asarray(_plain(values), dtype=np.float64)
        return found.reshape(len(found), -1) if found.ndim > 1 else found
    except (TypeError, ValueError, OverflowError):
        bad = [row for row, value in enumerate(values) if not _is_number(value)]
    if not bad:
        raise DataError(
            f"{name}: column {column!r} mixes numbers and lists, or lists of several lengths", code="BadFeatures"
        )
    raise DataError(
        f"{name}: column {column!r} holds {len(bad)} values that are no numbers, first in {_place(bad[0], lines)}: "
        f"{shorten(repr(values[bad[0]]))}; name the columns of numbers with features=, or the text with text=",
        code="BadFeatures",
    )


def _is_number(value: Any) -> bool:
    try:
        if isinstance(value, (list, tuple, np.ndarray)):
            return all(_is_number(v) for v in value)
        float(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def _names(column: str, part: Array) -> list[str]:
    return [column] if part.ndim == 1 else [f"{column}[{k}]" for k in range(part.shape[1])]
