"""Sources from map-style torch datasets: items are tensors, (tensor, label) pairs, or dicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentTypeError, shorten
from querist.core.types import Array
from querist.data.ids import Contents, digest_rows
from querist.data.source import Source
from querist.data.table import labels_as_text

__all__ = ["DatasetSource", "is_dataset", "torch_source"]

_INPUTS = ("image", "pixel_values", "input", "x", "features", "text")
_LABELS = ("label", "labels", "target", "y")


class DatasetSource(Source):
    """Items are those of a map-style dataset, fetched when they are taken."""

    def __init__(self, dataset: Any, contents: Contents, **more: Any) -> None:
        super().__init__(contents, **more)
        self.dataset = dataset

    def take(self, rows: NDArray[np.int64] | slice) -> Any:
        """(n, ...) array of the inputs, or a list of texts."""
        numbers = range(len(self))[rows] if isinstance(rows, slice) else rows.tolist()
        inputs = [_parts(self.dataset[r])[0] for r in numbers]
        if inputs and isinstance(inputs[0], str):
            return inputs
        return np.stack([_array(value) for value in inputs])


def is_dataset(value: Any) -> bool:
    """Whether ``value`` has the methods of a map-style dataset."""
    return hasattr(value, "__getitem__") and hasattr(value, "__len__") and not isinstance(value, (str, bytes, dict))


def torch_source(dataset: Any, *, ids: Sequence[Any] | None = None, name: str = "the dataset") -> Source:
    """A source over a map-style dataset; every item is read once for its digest and label.

    Raises:
        ArgumentTypeError: an iterable dataset, which has no items to come back to (code ``BadSource``).
    """
    if not is_dataset(dataset):
        raise ArgumentTypeError(
            f"{type(dataset).__name__} has no __getitem__ and __len__: a map-style dataset is needed, whose items can be "
            "fetched again; collect an iterable one into arrays first",
            code="BadSource",
        )
    contents: Contents = []
    truth: list[Any] = []
    text = False
    for row in range(len(dataset)):
        inputs, label = _parts(dataset[row])
        text = isinstance(inputs, str)
        value = np.frombuffer(inputs.encode() or b"\0", dtype=np.uint8) if text else _array(inputs)
        contents += digest_rows(value[None])
        truth.append(label)
    labels = None if None in [None if t is None else 0 for t in truth] else labels_as_text(truth, name)
    modality = "text" if text else "array"
    return DatasetSource(dataset, contents, ids=ids, truth=labels, name=name, modality=modality)


def _parts(item: Any) -> tuple[Any, Any]:
    """Input and label of an item; the label may be None."""
    if isinstance(item, dict):
        inputs = next((item[k] for k in _INPUTS if k in item), None)
        if inputs is None:
            raise ArgumentTypeError(
                f"an item is a dict without any of {', '.join(_INPUTS)}; it has {shorten(', '.join(item))}",
                code="BadSource",
            )
        label = next((item[k] for k in _LABELS if k in item), None)
    elif isinstance(item, (tuple, list)):
        inputs, label = item[0], (item[1] if len(item) > 1 else None)
    else:
        inputs, label = item, None
    scalar: Any = getattr(label, "item", None)
    return inputs, (label if scalar is None else scalar())


def _array(value: Any) -> Array:
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    return np.asarray(value)
