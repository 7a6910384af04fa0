"""Sources from .npy and .npz files; pickled objects in them are never loaded."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from querist.core.errors import ArgumentTypeError, DataError, shorten
from querist.core.types import LabelValue
from querist.data.arrays import array_source
from querist.data.graph_file import graph_from, holds_a_graph
from querist.data.labels import labels_as_text
from querist.data.source import Source
from querist.data.text_file import check_file

__all__ = ["numpy_source"]


def numpy_source(path: Path, *, dedupe: bool = False) -> Source:
    """A .npy array, memory-mapped, or an .npz with X (or one array only) and perhaps y (labels) and ids.

    An .npz with edges is a graph, see `graph_from`.

    Args:
        path: the file.
        dedupe: drop items that repeat the content of an earlier one.

    Raises:
        DataError: not such a file (code ``NoData``), pickled objects in it (``PickleRefused``), faults of the array.
    """
    check_file(path)
    found = _load(path)
    name = path.name
    ids: Sequence[Any] | None = None
    truth: Sequence[LabelValue] | None = None
    if path.suffix.lower() == ".npz":
        if holds_a_graph(found):
            if dedupe:
                raise DataError(f"{name} is a graph, whose equal nodes are no copies: drop dedupe", code="BadValue")
            return graph_from(found, name)
        key = "X" if "X" in found else next(iter(found)) if len(found) == 1 else None
        if key is None:
            raise DataError(
                f"{name} holds {', '.join(found) or 'nothing'}; name the features X, the labels y and the ids ids",
                code="NoData",
            )
        truth = labels_as_text(found["y"].tolist(), name) if "y" in found else None
        ids = found.get("ids")
        array = found[key]
    else:
        array = found["X"]
    try:
        return array_source(array, ids=ids, truth=truth, name=name, dedupe=dedupe)
    except ArgumentTypeError as error:  # in a file this is a fault of the data
        raise DataError(str(error), code="NoData") from error


def _load(path: Path) -> dict[str, Any]:
    try:
        if path.suffix.lower() == ".npy":
            return {"X": np.lib.format.open_memmap(path, mode="r")}
        # np.load leaves the file open when it is no whole archive, so we open and close it.
        with path.open("rb") as file, np.lib.npyio.NpzFile(file, allow_pickle=False) as found:
            return {key: found[key] for key in found.files}
    except (ValueError, OSError, EOFError, KeyError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
        if "pickle" in str(error).lower() or "Python objects" in str(error):
            raise DataError(
                f"cannot read {shorten(path.name)}: it holds pickled objects, which can run code and are never loaded; "
                "save plain arrays of numbers or text",
                code="PickleRefused",
            ) from error
        raise DataError(f"cannot read {shorten(path.name)}: {shorten(str(error), 200)}", code="NoData") from error
