"""`read`: what people have, as a source: arrays, frames, datasets, files, folders."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from querist.core.errors import ArgumentError, ArgumentTypeError, DataError, QueristWarning, shorten, shorten_path
from querist.core.pickles import refuse_pickle
from querist.core.types import LabelValue
from querist.data.arrays import array_source, sparse_source, text_source
from querist.data.bundled import BUNDLED, bundled_source
from querist.data.csv_file import csv_source
from querist.data.hf_dataset import hf_source, is_hf
from querist.data.image_folder import image_source
from querist.data.jsonl_file import jsonl_source
from querist.data.labels import labels_as_text
from querist.data.numpy_file import numpy_source
from querist.data.parquet_file import parquet_source
from querist.data.sequence_files import read_conll
from querist.data.sequences import sequence_source
from querist.data.source import Source
from querist.data.table import Columns, table_source
from querist.data.torch_dataset import is_dataset, is_stream, torch_source

__all__ = ["read"]


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
        data: a NumPy array or memory-map, a SciPy sparse matrix, a list of texts or of token lists, a pandas frame, a
            map-style torch dataset, a Hugging Face dataset, a path (.csv, .tsv, .jsonl, .jsonl.gz, .parquet, .npy, .npz,
            .conll, a folder of images), or ``"sklearn:digits"``.
        text: column of the text.
        label: column of the true label (simulations).
        id: column of the ids.
        features: columns of the features.
        ids: (N,) ids of what has no columns of ids; digests of the content when left out.
        labels: (N,) true labels of what has no column of labels.
        size: width and height to which images are resized.
        dedupe: drop items that repeat the content of an earlier one.
        skip_bad: leave bad rows of CSV and JSONL out instead of stopping; they are listed in ``source.noticed``.
        name: what messages call it.

    Raises:
        DataError: what cannot be read or used, with file, line and reason.
        ArgumentTypeError: something that is no data (code ``BadSource``).
        ArgumentError: an argument that this kind of data has no use for (code ``UnusedArgument``).

    >>> read(["a good film", "a bad film"], labels=["pos", "neg"]).modality
    'text'
    """
    wanted = Columns(text, label, id, features)
    given = {"text": text, "label": label, "id": id, "features": features, "ids": ids, "labels": labels, "size": size}
    given["skip_bad"] = skip_bad or None
    given["dedupe"] = dedupe or None
    for column, values in (("id", "ids"), ("label", "labels")):
        if given[column] is not None and given[values] is not None:
            raise ArgumentError(f"{values}= and {column}= say the same thing twice: drop one", code="UnusedArgument")
    if isinstance(data, Source):
        _only(given, "a source that is made already")
        return data
    if isinstance(data, (str, Path)):
        source = _path(str(data), wanted, given)
        source.name = name or source.name
    else:
        source = _object(data, wanted, given, name)
    if source.noticed.skipped:
        line, reason = source.noticed.skipped[0]
        warnings.warn(
            f"{source.name}: {len(source.noticed.skipped)} bad rows left out, first line {line}: {reason}",
            QueristWarning,
            stacklevel=2,
        )
    return source


def _only(given: dict[str, Any], kind: str, *allowed: str) -> None:
    """Refuse arguments that would have no effect."""
    for argument, value in given.items():
        if value is not None and argument not in allowed:
            raise ArgumentError(
                f"{argument}= has no use for {kind}; it takes {', '.join(f'{a}=' for a in allowed) or 'none'}",
                code="UnusedArgument",
            )


_TABLE = ("text", "label", "id", "features", "dedupe")
_PLAIN = ("ids", "labels", "dedupe")


def _object(data: Any, wanted: Columns, given: dict[str, Any], name: str | None) -> Source:
    """A source of something in memory."""
    labels = given["labels"]
    sentences = isinstance(data, (list, tuple)) and bool(data) and _is_sentence(data[0])
    truth: list[LabelValue] | None = None
    if labels is not None:
        truth = list(labels) if sentences else labels_as_text(list(labels), name or "labels")
    more: dict[str, Any] = {"ids": given["ids"], "truth": truth, "dedupe": bool(given["dedupe"])}
    if is_hf(data):
        _only(given, "a Hugging Face dataset", *_TABLE, "ids", "labels", "size")
        return hf_source(data, wanted, name=name or "the dataset", size=given["size"], **more)
    if hasattr(data, "columns") and hasattr(data, "iloc"):
        _only(given, "a data frame", *_TABLE, "ids", "labels")
        return table_source(_frame(data, name or "the frame"), wanted, name=name or "the frame", **more)
    if hasattr(data, "tocsr"):
        _only(given, "a sparse matrix", *_PLAIN)
        return sparse_source(data, name=name or "the matrix", **more)
    if isinstance(data, (list, tuple)) and (not data or any(isinstance(t, str) for t in data)):
        _only(given, "a list of texts", *_PLAIN)
        return text_source(data, name=name or "the texts", **more)
    if sentences:
        _only(given, "a list of token lists", *_PLAIN)
        return sequence_source(data, name=name or "the sentences", **more)
    if is_stream(data) or (is_dataset(data) and not hasattr(data, "__array__")):
        _only(given, "a torch dataset", *_PLAIN)
        return torch_source(data, name=name or "the dataset", **more)
    if hasattr(data, "__array__"):
        _only(given, "an array", *_PLAIN)
        array = data.detach().cpu().numpy() if hasattr(data, "detach") else data
        return array_source(array, name=name or "the array", **more)
    raise ArgumentTypeError(
        f"cannot make items of {type(data).__name__} {shorten(data, 40)}: pass an array, texts, a frame, a map-style "
        "dataset or a path",
        code="BadSource",
    )


def _is_sentence(item: Any) -> bool:
    """Whether an item is a list of tokens."""
    return isinstance(item, (list, tuple)) and any(isinstance(token, str) for token in item)


def _frame(data: Any, name: str) -> dict[str, Any]:
    """The columns of a data frame by the text of their names."""
    names = [str(c) for c in data.columns]
    twice = next((c for c in names if names.count(c) > 1), None)
    if twice is not None:
        raise DataError(f"{name}: column {shorten(twice)!r} stands there twice; rename one", code="BadHeader")
    out: dict[str, Any] = {}
    for place, column in enumerate(names):
        values = data.iloc[:, place].to_numpy()
        out[column] = values if values.dtype.kind in "fiub" else values.tolist()
    return out


def _path(text: str, wanted: Columns, given: dict[str, Any]) -> Source:
    """A source of a file, a folder, or a data set by name."""
    dedupe, skip_bad = bool(given["dedupe"]), bool(given["skip_bad"])
    if text.startswith("sklearn:"):
        _only(given, f"the data set {shorten_path(text)}", "dedupe")
        return bundled_source(text.removeprefix("sklearn:"), dedupe=dedupe)
    if not text or "\0" in text:
        raise DataError(f"cannot read {shorten(repr(text))}: it is no path", code="NoData")
    path = Path(text)
    suffix = path.suffix.lower()
    refuse_pickle(path, "save arrays as .npy")
    if suffix in (".csv", ".tsv"):
        _only(given, "a CSV file", *_TABLE, "skip_bad")
        return csv_source(path, wanted, dedupe=dedupe, skip_bad=skip_bad)
    if suffix in (".jsonl", ".ndjson") or path.name.lower().endswith(".jsonl.gz"):
        _only(given, "a JSONL file", *_TABLE, "skip_bad")
        return jsonl_source(path, wanted, dedupe=dedupe, skip_bad=skip_bad)
    if suffix == ".parquet":
        _only(given, "a Parquet file", *_TABLE)
        return parquet_source(path, wanted, dedupe=dedupe)
    if suffix in (".npy", ".npz"):
        _only(given, "a NumPy file", "dedupe")
        return numpy_source(path, dedupe=dedupe)
    if suffix in (".conll", ".bio", ".iob"):
        _only(given, "a file of tagged sentences", "dedupe", "skip_bad")
        return read_conll(path, dedupe=dedupe, skip_bad=skip_bad)
    if path.is_dir():
        _only(given, "a folder of images", "size", "dedupe")
        return image_source(path, size=given["size"], dedupe=dedupe)
    if not path.exists():
        hint = f"; the data set of that name is 'sklearn:{text}'" if text in BUNDLED else ""
        raise DataError(f"cannot read {shorten_path(text)}: no such file or folder{hint}", code="NoData")
    raise DataError(
        f"cannot tell what {shorten_path(text)} is: use .csv, .tsv, .jsonl, .parquet, .npy, .npz or a folder of images",
        code="NoData",
    )
