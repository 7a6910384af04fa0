"""Sources from map-style torch datasets: items are tensors, (tensor, label) pairs, or dicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentTypeError, DataError, QueristError, shorten
from querist.core.types import LabelValue
from querist.data.ids import Contents, digest_rows, digest_texts
from querist.data.labels import labels_as_text
from querist.data.source import Kept, Source, row_numbers

__all__ = ["DatasetSource", "is_dataset", "is_stream", "torch_source"]

_INPUTS = ("image", "pixel_values", "input", "x", "features", "text")
_LABELS = ("label", "labels", "target", "y")
_LOOKED_AT_TWICE = 8


class DatasetSource(Source):
    """Items are those of a map-style dataset, fetched when they are taken.

    Args:
        dataset: with ``__getitem__`` and ``__len__``.
        places: (N,) where each item stands in the dataset.
        contents: (N, 16) digest of each item.
        **more: see `Source`.
    """

    def __init__(self, dataset: Any, places: NDArray[np.int64], contents: Contents, **more: Any) -> None:
        super().__init__(contents, **more)
        self.dataset, self.places = dataset, places

    def take(self, rows: NDArray[np.int64] | slice) -> Any:
        """(n, ...) array of the inputs, or a list of texts.

        Raises:
            DataError: the items differ in shape (code ``ShapeMismatch``).
        """
        numbers = row_numbers(rows, len(self))
        inputs = [_plain(_parts(self.dataset[int(self.places[r])])[0]) for r in numbers]
        if self.modality == "text":
            return inputs
        odd = next((k for k, value in enumerate(inputs) if value.shape != inputs[0].shape), None)
        if odd is not None:
            raise DataError(
                f"{self.name}: item {self.ids[numbers[odd]]!r} has shape {inputs[odd].shape} and item "
                f"{self.ids[numbers[0]]!r} {inputs[0].shape}; let the dataset bring its items to one shape",
                code="ShapeMismatch",
            )
        return np.stack(inputs) if inputs else np.empty((0,), dtype=np.float32)


def is_dataset(value: Any) -> bool:
    """Whether ``value`` has the methods of a map-style dataset."""
    plain = isinstance(value, (str, bytes, Mapping, list, tuple, set, frozenset))
    return not plain and hasattr(value, "__getitem__") and hasattr(value, "__len__") and not is_stream(value)


def is_stream(value: Any) -> bool:
    """Whether ``value`` is an iterable-style dataset, told by the name of its class or a base, without importing torch."""
    return any(base.__name__ == "IterableDataset" for base in type(value).__mro__)


def torch_source(
    dataset: Any,
    *,
    ids: Sequence[Any] | None = None,
    truth: Sequence[LabelValue] | None = None,
    name: str = "the dataset",
    dedupe: bool = False,
) -> Source:
    """A source over a map-style dataset; every item is read once for its digest and label.

    Args:
        dataset: its items are a tensor, an array, a picture or a text; a pair of one of these and a label; or a dict.
        ids: (N,) ids; needed when an item looks different each time it is read.
        truth: (N,) labels instead of the dataset's own.
        name: for messages.
        dedupe: drop items that repeat the content of an earlier one.

    Raises:
        ArgumentTypeError: an iterable dataset, which has no items to come back to, or items of an unknown form (code
            ``BadSource``).
        DataError: items that look different each time they are read, and no ids (code ``UnstableItems``).
    """
    if is_stream(dataset) or not is_dataset(dataset):
        kind = "an IterableDataset" if is_stream(dataset) else "without __getitem__ and __len__"
        raise ArgumentTypeError(
            f"{type(dataset).__name__} is {kind}: a map-style dataset is needed, whose items can be fetched again; "
            "collect its items into arrays or a list first, and give ids",
            code="BadSource",
        )
    count = len(dataset)
    digests, labels, text = _look(dataset, range(count), name)
    again = range(min(count, _LOOKED_AT_TWICE))
    if not np.array_equal(_look(dataset, again, name)[0], digests[: len(again)]):
        if ids is None:
            raise DataError(
                f"{name}: items look different each time they are read (a random transform?), so their content makes "
                "no ids; pass ids=, and better a dataset without random transforms",
                code="UnstableItems",
            )
        digests = digest_texts(str(i) for i in ids)
    found = truth if truth is not None else labels_as_text(labels, name)
    kept = Kept.of(digests, dedupe, ids=ids, truth=found, name=name)
    places = np.arange(count, dtype=np.int64) if kept.rows is None else kept.rows
    return DatasetSource(
        dataset,
        places,
        kept.contents,
        ids=kept.ids,
        truth=kept.truth,
        name=name,
        modality="text" if text else "array",
        noticed=kept.noticed,
    )


def _look(dataset: Any, rows: Sequence[int], name: str) -> tuple[Contents, list[Any], bool]:
    """Digests and labels of items, and whether they are texts."""
    contents: list[Contents] = [np.empty((0, 16), dtype=np.uint8)]
    labels: list[Any] = []
    texts = 0
    for row in rows:
        try:
            inputs, label = _parts(dataset[row])
            contents.append(_digest(inputs))
        except QueristError as error:
            raise type(error)(f"{name}, item {row}: {error}", code=error.code) from error
        texts += isinstance(inputs, str)
        labels.append(label)
    if 0 < texts < len(labels):
        raise DataError(f"{name}: {texts} of {len(labels)} items are texts, the others are not", code="BadText")
    return np.concatenate(contents), labels, texts > 0


def _parts(item: Any) -> tuple[Any, Any]:
    """Input and label of an item; the label may be None."""
    if isinstance(item, Mapping):
        inputs = next((item[k] for k in _INPUTS if k in item), None)
        if inputs is None:
            raise ArgumentTypeError(
                f"a dict without any of the keys {', '.join(_INPUTS)}; it has {shorten(', '.join(map(str, item)))}",
                code="BadSource",
            )
        label = next((item[k] for k in _LABELS if k in item), None)
    elif isinstance(item, (tuple, list)):
        if not item:
            raise ArgumentTypeError("an empty tuple; an input, or an input and a label are needed", code="BadSource")
        inputs, label = item[0], (item[1] if len(item) > 1 else None)
    else:
        inputs, label = item, None
    return inputs, _plain_label(label)


def _plain_label(label: Any) -> Any:
    if hasattr(label, "detach"):
        label = label.detach().cpu().numpy()
    if not isinstance(label, np.ndarray):
        return label
    if label.ndim == 0:
        return label.item()
    if np.isin(label, (0, 1)).all():  # a flag per class: the numbers of those that apply
        return [str(k) for k in np.flatnonzero(label)]
    return {str(k): float(share) for k, share in enumerate(label.ravel())}


def _plain(value: Any) -> Any:
    """A text, or an array of numbers."""
    if isinstance(value, str):
        return value
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise ArgumentTypeError(
            f"its input is {type(value).__name__} {shorten(value, 40)}; numbers, a picture or a text are needed",
            code="BadSource",
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise DataError(f"{int((~np.isfinite(array)).sum())} NaN or infinite values in its input", code="BadFeatures")
    return array


def _digest(inputs: Any) -> Contents:
    value = _plain(inputs)
    return digest_texts([value]) if isinstance(value, str) else digest_rows(value[None])
