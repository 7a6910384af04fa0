"""Data sets that scikit-learn carries: real, small, and there without a network."""

from __future__ import annotations

import importlib

from querist.core.errors import UnknownNameError, nearest
from querist.core.types import LabelValue
from querist.data.arrays import array_source
from querist.data.source import Source

__all__ = ["BUNDLED", "bundled_source"]

BUNDLED = ("digits", "iris", "wine", "breast_cancer")


def bundled_source(name: str, *, dedupe: bool = False) -> Source:
    """``digits`` (1,797 images, 8 x 8, 0 to 1), ``iris``, ``wine`` or ``breast_cancer``; ids are the names and row numbers.

    Raises:
        UnknownNameError: another name (code ``UnknownName``).
    """
    if name not in BUNDLED:
        near = nearest(name, BUNDLED)
        raise UnknownNameError(
            f"unknown data set 'sklearn:{name}'; "
            + (f"did you mean {near[0]!r}?" if near else f"known: {', '.join(BUNDLED)}"),
            code="UnknownName",
        )
    found = getattr(importlib.import_module("sklearn.datasets"), f"load_{name}")()
    array = (found.images / 16.0 if name == "digits" else found.data).astype("float32")
    truth: list[LabelValue] = [str(found.target_names[t]) for t in found.target]
    ids = [f"{name}-{row:04d}" for row in range(len(array))]
    return array_source(
        array, ids=ids, truth=truth, name=name, modality="image" if name == "digits" else "table", dedupe=dedupe
    )
