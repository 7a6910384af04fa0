"""The usual preprocessing of mixed tables: numbers filled in and flagged, categories as 0/1 columns. No label is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import DataError

__all__ = ["tabular_features"]


def tabular_features(
    columns: Mapping[str, Sequence[Any]], *, most: int = 20
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """(N, D) numbers of mixed columns, and a name for each.

    A column of numbers (None, empty text and NaN are missing) gives its values, missing ones the median, and a 0/1 column
    that says which were missing where some were. Any other column gives a 0/1 column for each of its ``most`` commonest
    values, and one for the rest where there are more.

    Args:
        columns: values by column, all of one length.
        most: values of a category that get a column of their own.

    Raises:
        DataError: no columns, no rows, columns of several lengths (code ``BadFeatures``).
    """
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1 or lengths == {0}:
        raise DataError(
            f"a table needs columns of one length above 0; got {len(columns)} columns of lengths {sorted(lengths)}",
            code="BadFeatures",
        )
    parts: list[NDArray[np.float32]] = []
    names: list[str] = []
    for name, values in columns.items():
        numbers = _numbers(values)
        found = _categories(values, name, most) if numbers is None else _filled(numbers, name)
        for title, part in found:
            names.append(title)
            parts.append(part.astype(np.float32))
    return np.column_stack(parts), tuple(names)


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or value != value


def _numbers(values: Sequence[Any]) -> NDArray[np.float64] | None:
    """The column as numbers with NaN for what is missing, or None where it holds something else."""
    try:
        out = np.array([np.nan if _missing(v) else float(v) for v in values])
    except (TypeError, ValueError):
        return None
    return None if np.isinf(out).any() or np.isnan(out).all() else out


def _filled(numbers: NDArray[np.float64], name: str) -> list[tuple[str, NDArray[Any]]]:
    lacking = np.isnan(numbers)
    if not lacking.any():
        return [(name, numbers)]
    return [(name, np.where(lacking, np.nanmedian(numbers), numbers)), (f"{name} is missing", lacking)]


def _categories(values: Sequence[Any], name: str, most: int) -> list[tuple[str, NDArray[Any]]]:
    texts = np.array(["" if _missing(v) else str(v) for v in values])
    kinds, at, counts = np.unique(texts, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")  # the commonest first, then by the alphabet
    own, rest = order[:most], order[most:]
    out = [(f"{name} = {kinds[k] or 'missing'}", at == k) for k in own]
    if len(rest):
        out.append((f"{name} = other", np.isin(at, rest)))
    return out
