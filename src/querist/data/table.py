"""From named columns to a source: what CSV, JSONL, Parquet, data frames and Hugging Face datasets share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from querist.core.errors import DataError, nearest, shorten
from querist.core.types import LabelValue
from querist.data.arrays import array_source, text_source
from querist.data.source import Noticed, Source

__all__ = ["Columns", "labels_as_text", "table_source"]

_TEXT_NAMES = ("text", "sentence", "content", "review", "document")
_LABEL_NAMES = ("label", "target", "class", "y")
_ID_NAMES = ("id", "item_id", "uid")


@dataclass(frozen=True)
class Columns:
    """Which column is what; None lets the usual names be looked for.

    Args:
        text: column of the text.
        label: column of the true label.
        id: column of the id.
        features: columns of the features.
    """

    text: str | None = None
    label: str | None = None
    id: str | None = None
    features: Sequence[str] | None = None


def table_source(
    columns: Mapping[str, Sequence[Any]],
    wanted: Columns,
    *,
    name: str,
    dedupe: bool = False,
    noticed: Noticed | None = None,
) -> Source:
    """A text source when there is a text column, else a table of numbers.

    Raises:
        DataError: a named column is not there (``NoColumn``, naming those found), a feature is no number
            (``BadFeatures``), nothing to use.
    """
    for given in (wanted.text, wanted.label, wanted.id, *(wanted.features or ())):
        if given is not None and given not in columns:
            near = nearest(given, columns)
            raise DataError(
                f"{name} has no column {given!r}; it has: {shorten(', '.join(columns), 200)}"
                + (f". Did you mean {near[0]!r}?" if near else ""),
                code="NoColumn",
            )
    label = wanted.label or _first(columns, _LABEL_NAMES)
    id_column = wanted.id or _first(columns, _ID_NAMES)
    ids = None if id_column is None else list(columns[id_column])
    truth = None if label is None else labels_as_text(list(columns[label]), name)
    text = wanted.text or (None if wanted.features else _first(columns, _TEXT_NAMES))
    if text is not None:
        texts = [_text(value, row, text, name) for row, value in enumerate(columns[text])]
        return text_source(texts, ids=ids, truth=truth, name=name, dedupe=dedupe, noticed=noticed)
    features = list(wanted.features or [c for c in columns if c not in (label, id_column)])
    if not features:
        raise DataError(
            f"{name} has no column of text or numbers; name one with text= or features=. It has: {', '.join(columns)}",
            code="NoColumn",
        )
    matrix = np.column_stack([_numbers(columns[c], c, name) for c in features])
    return array_source(
        matrix, ids=ids, truth=truth, name=name, dedupe=dedupe, modality="table", columns=features, noticed=noticed
    )


def labels_as_text(values: Sequence[Any], name: str) -> list[LabelValue]:
    """Labels of one kind: whole numbers and truth values become their text, floats and lists stay.

    Raises:
        DataError: kinds are mixed (code ``MixedLabelTypes``).
    """
    plain = [v.item() if isinstance(v, np.generic) else v for v in values]
    kinds: dict[str, int] = {}
    for row, value in enumerate(plain):
        kinds.setdefault(type(value).__name__, row)
    if len(kinds) > 1:
        what = ", ".join(f"{kind} (first in row {row}: {plain[row]!r})" for kind, row in kinds.items())
        raise DataError(f"{name}: labels are of several kinds: {what}; make them one", code="MixedLabelTypes")
    if kinds.keys() <= {"int", "bool"}:
        return [str(v) for v in plain]
    return list(plain)


def _first(columns: Mapping[str, Any], names: Sequence[str]) -> str | None:
    by_lower = {c.lower(): c for c in columns}
    return next((by_lower[n] for n in names if n in by_lower), None)


def _text(value: Any, row: int, column: str, name: str) -> str:
    if not isinstance(value, str):
        raise DataError(
            f"{name}: row {row} of column {column!r} is no text but {type(value).__name__} {shorten(value)}",
            code="BadText",
        )
    return value


def _numbers(values: Sequence[Any], column: str, name: str) -> Any:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        for row, value in enumerate(values):
            try:
                float(value)
            except (TypeError, ValueError):
                raise DataError(
                    f"{name}: row {row} of column {column!r} is no number but {shorten(value)!r}; name the columns of the "
                    "features, or the text column",
                    code="BadFeatures",
                ) from None
        raise
