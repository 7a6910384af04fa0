"""Sources from Hugging Face datasets that are in memory or on disk already; `datasets` itself is not imported."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentTypeError, QueristWarning
from querist.core.types import Array, LabelValue
from querist.data.ids import Contents, digest_bytes
from querist.data.pictures import check_size, decode, image_fault
from querist.data.source import Kept, Noticed, Source, row_numbers
from querist.data.table import Columns, check_columns, ids_and_truth, table_source

__all__ = ["HfImageSource", "hf_source", "is_hf"]

_KINDS = frozenset({"arrow_dataset.Dataset", "iterable_dataset.IterableDataset", "dataset_dict.DatasetDict"})
_KINDS_OF_STREAMS = frozenset({"iterable_dataset.IterableDataset", "dataset_dict.IterableDatasetDict"})


class HfImageSource(Source):
    """Items are the images of a column, decoded when they are taken.

    Args:
        column: files by place, as ``{"bytes": ..., "path": ...}``.
        places: (N,) where each item stands in the column.
        size: width and height to which images are resized.
        contents: (N, 16) digest of each file.
        **more: see `Source`.
    """

    def __init__(self, column: Any, places: NDArray[np.int64], size: int, contents: Contents, **more: Any) -> None:
        super().__init__(contents, modality="image", **more)
        self.column, self.places, self.size = column, places, size

    def take(self, rows: NDArray[np.int64] | slice) -> Array:
        """(n, 3, size, size) uint8, from 0 to 255."""
        numbers = row_numbers(rows, len(self))
        out = np.empty((len(numbers), 3, self.size, self.size), dtype=np.uint8)
        for place, row in enumerate(numbers):
            out[place] = decode(_file(self.column[int(self.places[row])]), self.size, "RGB")
        return out


def is_hf(value: Any) -> bool:
    """Whether ``value`` is a dataset, a stream or a dictionary of the package ``datasets``, which is not imported."""
    return bool(_kinds(value) & (_KINDS | _KINDS_OF_STREAMS))


def _kinds(value: Any) -> set[str]:
    names = (f"{base.__module__}.{base.__qualname__}" for base in type(value).__mro__)
    return {name.removeprefix("datasets.") for name in names if name.startswith("datasets.")}


def hf_source(
    dataset: Any,
    wanted: Columns,
    *,
    ids: Sequence[Any] | None = None,
    truth: Sequence[LabelValue] | None = None,
    size: int | None = None,
    name: str = "the dataset",
    dedupe: bool = False,
) -> Source:
    """A source over a ``datasets.Dataset``: texts, a table of numbers, or a column of images.

    Class labels are given by their names; -1 counts as a missing label.

    Args:
        dataset: the dataset.
        wanted: which column is what.
        ids: (N,) ids, or None.
        truth: (N,) labels instead of the label column, or None.
        size: width and height to which images are resized.
        name: for messages.
        dedupe: drop items that repeat the content of an earlier one.

    Raises:
        ArgumentTypeError: a ``DatasetDict`` (choose a split) or a streamed dataset (code ``BadSource``).
        DataError: faults of the columns.
    """
    if isinstance(dataset, Mapping):
        splits = [str(key) for key in dataset]
        raise ArgumentTypeError(
            f"a {type(dataset).__name__} holds several sets: choose one split, e.g. dataset["
            f"{(splits or ['train'])[0]!r}] (it has {', '.join(splits) or 'none'})",
            code="BadSource",
        )
    if _kinds(dataset) & _KINDS_OF_STREAMS:
        raise ArgumentTypeError(
            "an IterableDataset (streaming=True) has no items to come back to; load the split without streaming",
            code="BadSource",
        )
    plain = dataset.with_format(None)
    images = [c for c, feature in plain.features.items() if type(feature).__name__ == "Image"]
    columns = {c: _values(plain, c) for c in plain.column_names if c not in images}
    if not images or wanted.text is not None or wanted.features is not None:
        return table_source(columns, wanted, name=name, ids=ids, truth=truth, dedupe=dedupe)
    check_columns(columns, wanted.named, name)
    ids, truth, _ = ids_and_truth(columns, wanted, name=name, ids=ids, truth=truth)
    column = plain.cast_column(images[0], type(plain.features[images[0]])(decode=False))[images[0]]
    return _images(column, ids, truth, check_size(size), name, dedupe)


def _images(
    column: Any,
    ids: Sequence[Any] | None,
    truth: Sequence[LabelValue] | None,
    size: int,
    name: str,
    dedupe: bool,
) -> Source:
    """A source over a column of images; broken ones are set aside."""
    good: list[int] = []
    digests: list[Contents] = [np.empty((0, 16), dtype=np.uint8)]
    bad: list[tuple[str, str]] = []
    for place in range(len(column)):
        data = _file(column[place])
        fault = image_fault(data)
        if fault:
            bad.append((f"row {place}" if ids is None else str(ids[place]), fault))
        else:
            good.append(place)
            digests.append(digest_bytes([data]))
    if bad:
        warnings.warn(
            f"{name}: {len(bad)} of {len(column)} images are set aside, first {bad[0][0]}: {bad[0][1]}",
            QueristWarning,
            stacklevel=3,
        )
    ids = None if ids is None else [ids[p] for p in good]
    truth = None if truth is None else [truth[p] for p in good]
    noticed = Noticed(quarantined=tuple(bad))
    kept = Kept.of(np.concatenate(digests), dedupe, ids=ids, truth=truth, name=name, noticed=noticed)
    places = np.asarray(good, dtype=np.int64)
    places = places if kept.rows is None else places[kept.rows]
    return HfImageSource(
        column, places, size, kept.contents, ids=kept.ids, truth=kept.truth, name=name, noticed=kept.noticed
    )


def _file(value: Any) -> bytes:
    """The bytes of an image: kept in the dataset, or in the file that it names; none when they are gone."""
    if value is None:
        return b""
    if value["bytes"] is not None:
        return bytes(value["bytes"])
    try:
        return Path(value["path"]).read_bytes()
    except OSError:
        return b""


def _values(dataset: Any, column: str) -> list[Any]:
    """The values of a column; class numbers, alone or in lists, become names."""
    values = list(dataset[column])
    feature = dataset.features[column]
    names = getattr(feature, "names", None)
    if names:
        return [_class(v, names) for v in values]
    inner = getattr(getattr(feature, "feature", None), "names", None)
    if inner:
        return [None if v is None else [_class(k, inner) for k in v] for v in values]
    return values


def _class(number: int | None, names: Sequence[str]) -> str | None:
    return names[number] if number is not None and 0 <= number < len(names) else None
