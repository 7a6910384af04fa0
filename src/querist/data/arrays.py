"""Sources in memory: NumPy arrays and memory-maps, SciPy sparse matrices, lists of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentTypeError, DataError
from querist.core.types import Array, LabelValue
from querist.data.ids import Contents, digest_rows, digest_texts
from querist.data.source import Noticed, Source, kept_rows

__all__ = ["ArraySource", "SparseSource", "TextSource", "array_source", "sparse_source", "text_source"]

_BLOCK = 1 << 14


class ArraySource(Source):
    """Items are the rows of an array or memory-map, which is not copied.

    Args:
        array: (N, ...) numbers.
        contents: digest of each row.
        **more: see `Source`.
    """

    def __init__(self, array: Array, contents: Contents, **more: Any) -> None:
        super().__init__(contents, **more)
        self.array = array

    def take(self, rows: NDArray[np.int64] | slice) -> Array:
        """(n, ...) rows; a view for a slice."""
        return self.array[rows]


class SparseSource(Source):
    """Items are the rows of a SciPy sparse matrix."""

    def __init__(self, matrix: Any, contents: Contents, **more: Any) -> None:
        super().__init__(contents, **more)
        self.matrix = matrix

    def take(self, rows: NDArray[np.int64] | slice) -> Any:
        """(n, D) CSR matrix."""
        return self.matrix[rows]


class TextSource(Source):
    """Items are texts."""

    def __init__(self, texts: Sequence[str], contents: Contents, **more: Any) -> None:
        super().__init__(contents, modality="text", **more)
        self.texts = list(texts)

    def take(self, rows: NDArray[np.int64] | slice) -> list[str]:
        """The texts."""
        if isinstance(rows, slice):
            return self.texts[rows]
        return [self.texts[r] for r in rows.tolist()]


def array_source(
    array: Array,
    *,
    ids: Sequence[Any] | None = None,
    truth: Sequence[LabelValue] | None = None,
    name: str = "the array",
    dedupe: bool = False,
    modality: str = "array",
    columns: Sequence[str] | None = None,
    noticed: Noticed | None = None,
) -> Source:
    """A source over an array; one-dimensional arrays of text become texts.

    Args:
        array: (N, ...) numbers, or (N,) texts.
        ids: (N,) ids, or None.
        truth: (N,) labels, or None.
        name: for messages.
        dedupe: drop items that repeat the content of an earlier one.
        modality: "array", "image" or "table".
        columns: names of the columns, for messages.
        noticed: what was noticed when reading.

    Raises:
        DataError: NaN or infinite features (``BadFeatures``), no items (``EmptyPool``), lengths that differ.
        ArgumentTypeError: neither numbers nor texts (``BadSource``).
    """
    array = np.asanyarray(array)
    if array.ndim == 1 and array.dtype.kind in "UO" and all(isinstance(t, str) for t in array[:100]):
        return text_source([str(t) for t in array], ids=ids, truth=truth, name=name, dedupe=dedupe, noticed=noticed)
    if array.ndim == 0 or array.dtype.kind not in "fiub":
        raise ArgumentTypeError(
            f"{name}: an array of numbers with at least one dimension is needed, got {array.dtype} of shape "
            f"{array.shape}",
            code="BadSource",
        )
    if array.ndim == 1:
        array = array[:, None]
    _finite(array, name, columns)
    contents = digest_rows(array)
    rows = kept_rows(contents, dedupe)
    if len(rows) < len(contents):
        array, contents, ids, truth = array[rows], [contents[r] for r in rows], _some(ids, rows), _some(truth, rows)
    return ArraySource(array, contents, ids=ids, truth=truth, name=name, modality=modality, noticed=noticed)


def sparse_source(
    matrix: Any,
    *,
    ids: Sequence[Any] | None = None,
    truth: Sequence[LabelValue] | None = None,
    name: str = "the matrix",
    dedupe: bool = False,
) -> Source:
    """A source over a SciPy sparse matrix (N, D)."""
    matrix = matrix.tocsr()
    if not np.isfinite(matrix.data).all():
        raise DataError(f"{name}: {int((~np.isfinite(matrix.data)).sum())} NaN or infinite values", code="BadFeatures")
    matrix.sort_indices()
    contents = digest_texts(
        f"{matrix.indices[a:b].tobytes().hex()}{matrix.data[a:b].tobytes().hex()}"
        for a, b in zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)
    )
    rows = kept_rows(contents, dedupe)
    if len(rows) < len(contents):
        matrix, contents, ids, truth = matrix[rows], [contents[r] for r in rows], _some(ids, rows), _some(truth, rows)
    return SparseSource(matrix, contents, ids=ids, truth=truth, name=name, modality="table")


def text_source(
    texts: Sequence[str],
    *,
    ids: Sequence[Any] | None = None,
    truth: Sequence[LabelValue] | None = None,
    name: str = "the texts",
    dedupe: bool = False,
    noticed: Noticed | None = None,
) -> Source:
    """A source over texts."""
    contents = digest_texts(texts)
    rows = kept_rows(contents, dedupe)
    if len(rows) < len(contents):
        texts, contents = [texts[r] for r in rows], [contents[r] for r in rows]
        ids, truth = _some(ids, rows), _some(truth, rows)
    return TextSource(texts, contents, ids=ids, truth=truth, name=name, noticed=noticed)


def _some(values: Sequence[Any] | None, rows: list[int]) -> list[Any] | None:
    return None if values is None else [values[r] for r in rows]


def _finite(array: Array, name: str, columns: Sequence[str] | None) -> None:
    """Refuse NaN and infinite features, naming the worst column and the count."""
    if array.dtype.kind != "f":
        return
    counts: Array | None = None
    for start in range(0, len(array), _BLOCK):
        block = array[start : start + _BLOCK]
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(block.sum(dtype=np.float64)):
                continue
        bad = (~np.isfinite(block)).reshape(len(block), -1).sum(axis=0)
        counts = bad if counts is None else counts + bad
    if counts is not None and counts.sum():
        worst = int(counts.argmax())
        column = columns[worst] if columns is not None and worst < len(columns) else worst
        raise DataError(
            f"{name}: {int(counts.sum())} NaN or infinite values, {int(counts[worst])} of them in column {column}; "
            "remove or fill them in",
            code="BadFeatures",
        )
