"""Sources from Hugging Face datasets that are in memory or on disk already."""

from __future__ import annotations

from typing import Any

from querist.core.errors import ArgumentTypeError
from querist.data.source import Source
from querist.data.table import Columns, table_source

__all__ = ["hf_source", "is_hf"]


def is_hf(value: Any) -> bool:
    """Whether ``value`` is a ``datasets.Dataset`` or ``DatasetDict``, without importing ``datasets``."""
    return type(value).__module__.split(".")[0] == "datasets"


def hf_source(dataset: Any, wanted: Columns, *, name: str = "the dataset", dedupe: bool = False) -> Source:
    """A source over a ``datasets.Dataset``; class labels are given by their names.

    Raises:
        ArgumentTypeError: a ``DatasetDict`` (choose a split) or a streamed dataset (code ``BadSource``).
    """
    if not hasattr(dataset, "column_names") or isinstance(dataset, dict):
        splits = ", ".join(map(str, dataset)) if isinstance(dataset, dict) else "train"
        raise ArgumentTypeError(
            f"a DatasetDict holds several sets: choose one, e.g. dataset['{splits.split(', ')[0]}'] (it has {splits})",
            code="BadSource",
        )
    if not hasattr(dataset, "__len__"):
        raise ArgumentTypeError("a streamed dataset has no items to come back to; load it first", code="BadSource")
    columns: dict[str, list[Any]] = {}
    for column in dataset.column_names:
        values = list(dataset[column])
        names = getattr(dataset.features[column], "names", None)
        columns[column] = [names[v] if 0 <= v < len(names) else v for v in values] if names else values
    return table_source(columns, wanted, name=name, dedupe=dedupe)
