"""The data sets for tests, which are not part of the repository: where they are, and slices of them.

Their folder is ``QUERIST_DATA``, else ``shared/data`` beside the checkout. Where a file is absent, its test skips.
"""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from querist.data.arrays import array_source, text_source
from querist.data.graph import GraphSource, graph_source
from querist.data.source import Source

__all__ = ["citations", "file", "folder", "garments", "questions", "records", "table"]


def folder() -> Path:
    """Where the data sets are, or would be."""
    return Path(os.environ.get("QUERIST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")


def file(name: str) -> Path:
    """A file of the data sets by its path in their folder; skips the test where it is absent."""
    path = folder() / name
    if not path.is_file():
        pytest.skip(f"{name} is not there: set QUERIST_DATA to the folder of the data sets")
    return path


def arrays(name: str) -> dict[str, NDArray[Any]]:
    """All arrays of an ``.npz`` file."""
    with np.load(file(name), allow_pickle=False) as found:
        return {key: found[key] for key in found.files}


def records(name: str, count: int) -> list[dict[str, Any]]:
    """The first ``count`` lines of a ``.jsonl.gz`` file."""
    with gzip.open(file(name), "rt", encoding="utf-8") as lines:
        return [json.loads(next(lines)) for _ in range(count)]


def questions(count: int) -> tuple[Source, NDArray[np.int64]]:
    """The first ``count`` different questions of TREC-6, and which of six kinds each is."""
    found: dict[str, int] = {}
    for row in records("text/trec6/train.jsonl.gz", count + 40):
        found.setdefault(row["text"], int(row["label"]))
    texts = list(found)[:count]
    assert len(texts) == count
    return text_source(texts), np.array([found[text] for text in texts])


def table(name: str, count: int) -> tuple[Source, NDArray[Any]]:
    """``count`` rows of a table, drawn with a fixed seed, and their classes (whole numbers) or answers (numbers)."""
    found = arrays(f"tabular/{name}.npz")
    rows = np.random.default_rng(0).permutation(len(found["y"]))[:count]
    y = found["y"][rows]
    return array_source(found["X"][rows].astype(np.float32)), y if y.dtype.kind == "f" else y.astype(np.int64)


def citations() -> tuple[GraphSource, NDArray[np.int64], NDArray[np.int64]]:
    """Cora with word counts divided by their sum and ids n0, n1, ...; the class of each node; its 1,000 test nodes."""
    found = arrays("graphs/cora.npz")
    parts = found["feature_values"], found["feature_indices"], found["feature_indptr"]
    x = csr_array(parts, shape=tuple(found["feature_shape"]))
    shares = diags_array(1.0 / np.maximum(x.sum(axis=1), 1.0)) @ x
    source = graph_source(shares, found["edges"].T, ids=[f"n{k}" for k in range(len(found["labels"]))])
    return source, found["labels"].astype(np.int64), found["planetoid_test"].astype(np.int64)


def garments(count: int) -> tuple[Source, NDArray[np.int64]]:
    """The first ``count`` images of Fashion-MNIST as (N, 1, 28, 28) bytes, and which of ten kinds each is."""
    found = arrays("images/fashion_mnist.npz")
    images, y = found["train_images"][:count], found["train_labels"][:count]
    return array_source(images[:, None], modality="image"), y.astype(np.int64)
