"""Sources in memory: NumPy arrays and memory-maps, SciPy sparse matrices, lists of texts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentTypeError, DataError, shorten
from querist.core.rows import Rows
from querist.core.types import Array, LabelValue
from querist.data.ids import Contents, digest_bytes, digest_rows, digest_texts
from querist.data.source import Kept, Noticed, Source, row_numbers

__all__ = ["ArraySource", "SparseSource", "TextSource", "array_source", "sparse_source", "text_source"]

_BLOCK_BYTES = 1 << 24


class ArraySource(Source):
    """Items are the rows of an array or memory-map, which is not copied.

    Args:
        array: (N, ...) numbers.
        contents: (N, 16) digest of each row.
        **more: see `Source`.
    """

    def __init__(self, array: Array, contents: Contents, **more: Any) -> None:
        super().__init__(contents, **more)
        self.array = array

    def take(self, rows: NDArray[np.int64] | slice) -> Array:
        """(n, ...) rows; a view for a slice."""
        return self.array[rows]


class SparseSource(Source):
    """Items are the rows of a SciPy sparse matrix.

    Args:
        matrix: (N, D) in CSR form.
        contents: (N, 16) digest of each row.
        **more: see `Source`.
    """

    def __init__(self, matrix: Any, contents: Contents, **more: Any) -> None:
        super().__init__(contents, **more)
        self.matrix = matrix

    def take(self, rows: NDArray[np.int64] | slice) -> Any:
        """(n, D) CSR matrix."""
        return self.matrix[rows]


class TextSource(Source):
    """Items are texts.

    Args:
        texts: N texts.
        contents: (N, 16) digest of each.
        **more: see `Source`.
    """

    def __init__(self, texts: Sequence[str], contents: Contents, **more: Any) -> None:
        super().__init__(contents, modality="text", **more)
        self.texts = list(texts)

    def take(self, rows: NDArray[np.int64] | slice) -> list[str]:
        """The texts."""
        return [self.texts[r] for r in row_numbers(rows, len(self))]


def array_source(
    array: Any,
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
        array: (N, ...) numbers, or (N,) texts. Numbers are not copied, unless ``dedupe`` drops some.
        ids: (N,) ids, or None.
        truth: (N,) labels, or None.
        name: for messages.
        dedupe: drop items that repeat the content of an earlier one.
        modality: "array", "image" or "table".
        columns: names of the columns, for messages.
        noticed: what was noticed when reading.

    Raises:
        DataError: NaN or infinite features (code ``BadFeatures``), no items (``EmptyPool``), lengths that differ.
        ArgumentTypeError: neither numbers nor texts (code ``BadSource``).
    """
    if np.ma.is_masked(array):
        raise DataError(
            f"{name}: {int(np.ma.getmaskarray(array).sum())} masked values; fill them in", code="BadFeatures"
        )
    array = np.asarray(array)
    if array.ndim == 1 and (array.dtype.kind in "UT" or (array.dtype.kind == "O" and isinstance(_first(array), str))):
        return text_source(array.tolist(), ids=ids, truth=truth, name=name, dedupe=dedupe, noticed=noticed)
    if array.ndim == 0 or array.dtype.kind not in "fiub":
        raise ArgumentTypeError(
            f"{name}: an array of numbers with at least one dimension is needed, got {array.dtype} of shape "
            f"{array.shape}",
            code="BadSource",
        )
    if array.ndim == 1:
        array = array[:, None]
    if len(array) and not array.size:
        raise DataError(f"{name}: its items are empty: shape {array.shape}", code="BadFeatures")
    _finite(array, name, columns)
    contents = digest_rows(array)
    kept = Kept.of(contents, dedupe, ids=ids, truth=truth, name=name, noticed=noticed)
    array = array if kept.rows is None else array[kept.rows]
    return ArraySource(
        array, kept.contents, ids=kept.ids, truth=kept.truth, name=name, modality=modality, noticed=kept.noticed
    )


def sparse_source(
    matrix: Any,
    *,
    ids: Sequence[Any] | None = None,
    truth: Sequence[LabelValue] | None = None,
    name: str = "the matrix",
    dedupe: bool = False,
) -> Source:
    """A source over a SciPy sparse matrix.

    Args:
        matrix: (N, D) in any sparse form; it is not changed.
        ids: (N,) ids, or None.
        truth: (N,) labels, or None.
        name: for messages.
        dedupe: drop items that repeat the content of an earlier one.

    Raises:
        DataError: NaN or infinite values (code ``BadFeatures``), no items, lengths that differ.
    """
    if matrix.ndim != 2 or matrix.dtype.kind not in "fiub":
        raise ArgumentTypeError(
            f"{name}: a matrix of numbers is needed, got {matrix.dtype} of shape {matrix.shape}", code="BadSource"
        )
    matrix = matrix.tocsr()
    bad = ~np.isfinite(matrix.data)
    if bad.any():
        counts = np.bincount(matrix.indices[bad])
        raise _bad_features(name, int(bad.sum()), int(counts.max()), int(counts.argmax()))
    clean = matrix
    if not matrix.has_canonical_format or not matrix.data.all():
        clean = matrix.copy()  # equal rows must look alike: sorted, summed up, without stored zeros
        clean.sum_duplicates()
        clean.eliminate_zeros()
    ends = clean.indptr
    contents = digest_bytes(
        clean.indices[a:b].astype("<i8").tobytes() + clean.data[a:b].tobytes() for a, b in pairwise(ends)
    )
    kept = Kept.of(contents, dedupe, ids=ids, truth=truth, name=name)
    matrix = matrix if kept.rows is None else matrix[kept.rows]
    return SparseSource(
        matrix, kept.contents, ids=kept.ids, truth=kept.truth, name=name, modality="table", noticed=kept.noticed
    )


def text_source(
    texts: Sequence[Any],
    *,
    ids: Sequence[Any] | None = None,
    truth: Sequence[LabelValue] | None = None,
    name: str = "the texts",
    dedupe: bool = False,
    noticed: Noticed | None = None,
) -> Source:
    """A source over texts.

    Args:
        texts: N texts.
        ids: (N,) ids, or None.
        truth: (N,) labels, or None.
        name: for messages.
        dedupe: drop items that repeat the content of an earlier one.
        noticed: what was noticed when reading.

    Raises:
        DataError: one of them is no text (code ``BadText``), no items, lengths that differ.
    """
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError(
                f"{name}: row {row} is no text but {type(text).__name__} {shorten(text)}; fill it in or leave the row out",
                code="BadText",
            )
    contents = digest_texts(texts)
    kept = Kept.of(contents, dedupe, ids=ids, truth=truth, name=name, noticed=noticed)
    texts = texts if kept.rows is None else [texts[r] for r in kept.rows.tolist()]
    return TextSource(texts, kept.contents, ids=kept.ids, truth=kept.truth, name=name, noticed=kept.noticed)


def _first(array: Array) -> Any:
    return array[0] if len(array) else None


def _finite(array: Array, name: str, columns: Sequence[str] | None) -> None:
    """Refuse NaN and infinite features, naming the worst column and the count; a block at a time."""
    if array.dtype.kind != "f" or not len(array):
        return
    counts: Array | None = None
    step = max(1, _BLOCK_BYTES // array[0].nbytes)
    for _, block in Rows(array).blocks(step):
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(block.sum(dtype=np.float64)):
                continue
        bad = np.count_nonzero(~np.isfinite(block), axis=0)
        counts = bad if counts is None else counts + bad
    if counts is not None and counts.sum():
        worst = int(counts.argmax())
        place = tuple(int(k) for k in np.unravel_index(worst, counts.shape))
        column: object = place[0] if len(place) == 1 else place
        if columns is not None and len(place) == 1:
            column = repr(columns[worst])
        raise _bad_features(name, int(counts.sum()), int(counts.flat[worst]), column)


def _bad_features(name: str, total: int, worst: int, column: object) -> DataError:
    return DataError(
        f"{name}: {total} NaN or infinite values, {worst} of them in column {column}; remove or fill them in",
        code="BadFeatures",
    )
