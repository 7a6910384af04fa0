"""Tables without a download: numbers standardised, what is missing marked, categories as 0/1, dates as numbers.

What a column is, and its mean, spread and commonest values, is learnt once; rows that come later are then read alike, which
`querist.models.tabular` cannot, as it looks at the whole table each time.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import DataError
from querist.models.encoders.base import Encoder

__all__ = ["TableColumns"]

_DAY = 86_400.0
_FAR = 8.0
"""Standardised numbers are cut off here, so that one wild value does not outweigh the row."""


class TableColumns(Encoder):
    """Rows of named values to numbers.

    A column whose values are nearly all numbers is one standardised number, and a 0/1 that says where it is missing; one
    of ISO dates likewise, in days. Any other column is a 0/1 for each of its ``most`` commonest values and one for the
    rest. Columns that the sample did not have are left out; a value of another kind counts as missing.

    Args:
        width: most numbers an item; columns beyond are left out.
        most: values of a category with a 0/1 of their own.
        seed: takes no part, and is there as in the others.
    """

    kind = "table_columns"

    def __init__(self, *, width: int = 512, most: int = 20, seed: int = 0) -> None:
        super().__init__(width=width, seed=seed)
        self.most = most

    def settings(self) -> dict[str, Any]:
        """Width, most values and seed."""
        return {"width": self.width, "most": self.most, "seed": self.seed}

    def fit(self, sample: Sequence[Mapping[str, Any]]) -> Self:
        """Learn what each column is.

        Raises:
            DataError: no columns (code ``BadFeatures``).
        """
        names = list(dict.fromkeys(name for row in sample for name in row))
        if not names:
            raise DataError("the table has no columns, so there is nothing to learn from", code="BadFeatures")
        columns: list[dict[str, Any]] = []
        used = 0
        for name in names:
            column = _learn(name, [row.get(name) for row in sample], self.most)
            size = _size(column)
            if size and used + size <= self.width:
                columns.append(column)
                used += size
        self._learnt = {"columns": columns}
        self._arrays = {"width": np.asarray([max(used, 1)], dtype=np.int64)}
        return self

    def checked(self, learnt: Mapping[str, Any]) -> dict[str, Any]:
        """Columns of known kinds with finite figures."""
        for column in learnt["columns"]:
            good = column["kind"] in _READERS and isinstance(column["name"], str)
            if column["kind"] == "category":
                good = good and all(isinstance(v, str) for v in column["values"])
            else:
                good = good and math.isfinite(column["mean"]) and column["spread"] > 0
            if not good:
                raise ValueError("a column is damaged")
        return dict(learnt)

    def encode(self, batch: Sequence[Mapping[str, Any]]) -> NDArray[np.float32]:
        """The rows of some items."""
        out = np.zeros((len(batch), int(self._arrays["width"][0])), dtype=np.float32)
        at = 0
        for column in self._learnt["columns"]:
            values = [row.get(column["name"]) for row in batch]
            if column["kind"] == "category":
                _fill_category(out, at, column, values)
            else:
                read = _READERS[column["kind"]]
                numbers = np.array([read(v) for v in values], dtype=np.float64)
                lacking = np.isnan(numbers)
                scaled = (numbers - column["mean"]) / column["spread"]
                out[:, at] = np.where(lacking, 0.0, np.clip(scaled, -_FAR, _FAR))
                out[:, at + 1] = lacking
            at += _size(column)
        return out

    @property
    def titles(self) -> tuple[str, ...]:
        """A name for each number."""
        out: list[str] = []
        for column in self._learnt.get("columns", ()):
            name = column["name"]
            if column["kind"] == "category":
                out += [f"{name} = {v or 'missing'}" for v in column["values"]] + [f"{name} = other"]
            else:
                out += [name, f"{name} is missing"]
        return tuple(out)


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or value != value


def _number(value: Any) -> float:
    """The value as a finite number, or NaN."""
    if _missing(value) or isinstance(value, (list, dict)):
        return math.nan
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
    return number if math.isfinite(number) else math.nan


def _date(value: Any) -> float:
    """An ISO date or time in days since 1970, or NaN."""
    if not isinstance(value, str) or len(value) < 8:
        return math.nan
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return math.nan
    return (moment.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds() / _DAY


_READERS: dict[str, Any] = {"number": _number, "date": _date, "category": str}


def _learn(name: str, values: Sequence[Any], most: int) -> dict[str, Any]:
    """What a column is, as JSON."""
    there = [v for v in values if not _missing(v)]
    kind = ""
    for candidate in ("number", "date"):
        read = np.array([_READERS[candidate](v) for v in there], dtype=np.float64)
        good = read[~np.isnan(read)]
        if len(good) and len(good) >= 0.95 * len(there):
            kind = candidate
            break
    if kind:
        return {"name": name, "kind": kind, "mean": float(good.mean()), "spread": float(good.std()) or 1.0}
    counts = Counter(_text(v) for v in values)
    common = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
    distinct = len(counts) > 0.9 * len(values) and len(values) > most
    return {"name": name, "kind": "category", "values": [] if distinct else [v for v, _ in common]}


def _size(column: Mapping[str, Any]) -> int:
    """Numbers that a column gives; none where every value differs, as in a column of names."""
    if column["kind"] != "category":
        return 2
    return len(column["values"]) + 1 if column["values"] else 0


def _text(value: Any) -> str:
    return "" if _missing(value) else str(value)


def _fill_category(out: NDArray[np.float32], at: int, column: Mapping[str, Any], values: Sequence[Any]) -> None:
    places = {value: k for k, value in enumerate(column["values"])}
    other = len(places)
    where = np.fromiter((places.get(_text(v), other) for v in values), dtype=np.int64, count=len(values))
    out[np.arange(len(values)), at + where] = 1.0
