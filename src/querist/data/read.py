"""`read`: what people have, as a source: arrays, frames, datasets, files, folders."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from querist.core.errors import ArgumentTypeError, DataError, QueristWarning, shorten
from querist.data.arrays import array_source, sparse_source, text_source
from querist.data.bundled import bundled_source
from querist.data.csv_file import csv_source
from querist.data.hf_dataset import hf_source, is_hf
from querist.data.image_folder import image_source
from querist.data.jsonl_file import jsonl_source
from querist.data.parquet_file import parquet_source
from querist.data.source import Source
from querist.data.table import Columns, labels_as_text, table_source
from querist.data.text_file import read_bytes
from querist.data.torch_dataset import is_dataset, torch_source

__all__ = ["read"]

_PICKLED = frozenset({".pkl", ".pickle", ".pt", ".pth", ".joblib", ".dill", ".bin", ".ckpt"})


def read(
    data: Any,
    *,
    text: str | None = None,
    label: str | None = None,
    id: str | None = None,
    features: Sequence[str] | None = None,
    ids: Sequence[Any] | None = None,
    labels: Sequence[Any] | None = None,
    size: int | None = None,
    dedupe: bool = False,
    skip_bad: bool = False,
    name: str | None = None,
) -> Source:
    """Make a source of what you have.

    Args:
        data: a NumPy array or memory-map, a SciPy sparse matrix, a list of texts, a pandas frame, a map-style torch
            dataset, a Hugging Face dataset, a path (.csv, .tsv, .jsonl, .jsonl.gz, .parquet, .npy, .npz, a folder of
            images), or ``"sklearn:digits"``.
        text: column of the text.
        label: column of the true label (simulations).
        id: column of the ids.
        features: columns of the features.
        ids: (N,) ids, for arrays, texts and torch datasets; digests of the content when left out.
        labels: (N,) true labels, for arrays and texts.
        size: width and height to which images are resized.
        dedupe: drop items that repeat the content of an earlier one.
        skip_bad: leave bad rows of CSV and JSONL out instead of stopping; they are listed in ``source.noticed``.
        name: what messages call it.

    Raises:
        DataError: what cannot be read or used, with file, line and reason.
        ArgumentTypeError: something that is no data (code ``BadSource``).

    >>> read(["a good film", "a bad film"], labels=["pos", "neg"]).modality
    'text'
    """
    columns = Columns(text, label, id, features)
    truth = None if labels is None else labels_as_text(list(labels), name or "labels")
    if isinstance(data, Source):
        return data
    if isinstance(data, (str, Path)):
        source = _path(str(data), columns, size=size, dedupe=dedupe, skip_bad=skip_bad)
    elif is_hf(data):
        source = hf_source(data, columns, name=name or "the dataset", dedupe=dedupe)
    elif hasattr(data, "tocsr"):
        source = sparse_source(data, ids=ids, truth=truth, name=name or "the matrix", dedupe=dedupe)
    elif hasattr(data, "columns") and hasattr(data, "iloc"):
        frame = {str(c): data[c].tolist() for c in data.columns}
        if ids is not None:
            frame["id"], columns = list(ids), Columns(text, label, "id", features)
        source = table_source(frame, columns, name=name or "the frame", dedupe=dedupe)
    elif isinstance(data, np.ndarray) or hasattr(data, "__array__"):
        array = data.detach().cpu().numpy() if hasattr(data, "detach") else np.asanyarray(data)
        source = array_source(array, ids=ids, truth=truth, name=name or "the array", dedupe=dedupe)
    elif isinstance(data, (list, tuple)) and all(isinstance(t, str) for t in data):
        source = text_source(data, ids=ids, truth=truth, name=name or "the texts", dedupe=dedupe)
    elif is_dataset(data) and not isinstance(data, (list, tuple)):
        source = torch_source(data, ids=ids, name=name or "the dataset")
    else:
        raise ArgumentTypeError(
            f"cannot make items of {type(data).__name__} {shorten(data, 40)}: pass an array, texts, a frame, a map-style "
            "dataset or a path",
            code="BadSource",
        )
    if source.noticed.skipped:
        line, reason = source.noticed.skipped[0]
        warnings.warn(
            f"{source.name}: {len(source.noticed.skipped)} bad rows left out, first line {line}: {reason}",
            QueristWarning,
            stacklevel=2,
        )
    return source


def _path(text: str, columns: Columns, *, size: int | None, dedupe: bool, skip_bad: bool) -> Source:
    if text.startswith("sklearn:"):
        return bundled_source(text.removeprefix("sklearn:"))
    path = Path(text)
    suffix = path.suffix.lower()
    if suffix in _PICKLED:
        raise DataError(
            f"{shorten(text)} is a {suffix} file, which can run code when it is loaded, and is not read; save arrays as "
            ".npy and weights as .safetensors (`querist convert` does it in a process of its own)",
            code="PickleRefused",
        )
    if path.is_dir():
        return image_source(path, size=size, dedupe=dedupe)
    if suffix in (".csv", ".tsv"):
        return csv_source(path, columns, dedupe=dedupe, skip_bad=skip_bad)
    if suffix in (".jsonl", ".ndjson") or path.name.lower().endswith(".jsonl.gz"):
        return jsonl_source(path, columns, dedupe=dedupe, skip_bad=skip_bad)
    if suffix == ".parquet":
        return parquet_source(path, columns, dedupe=dedupe)
    if suffix in (".npy", ".npz"):
        return _numpy(path, dedupe=dedupe)
    if not path.exists():
        raise DataError(f"cannot read {shorten(text)}: no such file or folder", code="NoData")
    raise DataError(
        f"cannot tell what {shorten(text)} is: use .csv, .tsv, .jsonl, .parquet, .npy, .npz or a folder of images",
        code="NoData",
    )


def _numpy(path: Path, *, dedupe: bool) -> Source:
    """A .npy array (memory-mapped), or an .npz with X (or one array) and perhaps y."""
    if not path.is_file():
        read_bytes(path)
    try:
        if path.suffix.lower() == ".npy":
            return array_source(np.load(path, mmap_mode="r", allow_pickle=False), name=path.name, dedupe=dedupe)
        with np.load(path, allow_pickle=False) as found:
            names = found.files
            key = "X" if "X" in names else names[0] if len(names) == 1 else None
            if key is None:
                raise DataError(
                    f"{path.name} holds {', '.join(names)}; name the features X and the labels y", code="NoData"
                )
            truth = labels_as_text(found["y"].tolist(), path.name) if "y" in names else None
            ids = found["ids"].tolist() if "ids" in names else None
            return array_source(found[key], ids=ids, truth=truth, name=path.name, dedupe=dedupe)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, DataError):
            raise
        objects = "allow_pickle" in str(error) or "pickle" in str(error).lower()
        reason = "it holds pickled objects, which are never loaded" if objects else str(error)
        code = "PickleRefused" if objects else "NoData"
        raise DataError(f"cannot read {path.name}: {reason}", code=code) from error
