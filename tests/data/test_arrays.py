"""Sources in memory: nothing is copied or changed, NaN is found, equal rows are found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from querist.core.errors import ArgumentTypeError, DataError, QueristWarning
from querist.data.arrays import ArraySource, array_source, sparse_source, text_source


def test_an_array_is_not_copied() -> None:
    array = np.arange(6.0).reshape(3, 2)
    source = array_source(array)
    assert isinstance(source, ArraySource)
    assert np.shares_memory(source.take(slice(0, 2)), array)
    assert source.take(np.array([2, 0])).tolist() == [[4.0, 5.0], [0.0, 1.0]]
    assert source.modality == "array"


def test_a_memory_map_is_not_copied(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(20.0).reshape(10, 2))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    source = array_source(mapped)
    assert isinstance(source, ArraySource)
    assert np.shares_memory(source.array, mapped)
    assert np.shares_memory(source.take(slice(3, 5)), mapped)


def test_vectors_and_images_are_taken() -> None:
    assert array_source(np.array([1.0, 2.0])).take(slice(None)).shape == (2, 1)
    assert array_source(np.zeros((1, 8, 8)), modality="image").take(np.array([0])).shape == (1, 8, 8)
    for dtype in ("i8", "u1", "?", "f2"):
        assert len(array_source(np.arange(2).astype(dtype))) == 2


def test_a_vector_of_texts_is_texts() -> None:
    for array in (np.array(["a", "b"]), np.array(["a", "b"], dtype=object)):
        source = array_source(array)
        assert source.modality == "text"
        assert source.take(np.array([1])) == ["b"]
    with pytest.raises(DataError, match=r"row 1 .*NoneType") as error:
        array_source(np.array(["a", None], dtype=object))
    assert error.value.code == "BadText"


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_bad_features_are_counted_with_their_column(bad: float, dtype: Any) -> None:  # row 21
    array = np.ones((40, 3), dtype=dtype)
    array[[3, 17, 39], 1] = bad
    array[5, 2] = bad
    with pytest.raises(DataError, match=r"the pool: 4 NaN or infinite values, 3 of them in column 1;") as error:
        array_source(array, name="the pool")
    assert error.value.code == "BadFeatures"
    with pytest.raises(DataError, match="column 'weight'"):
        array_source(array, columns=["age", "weight", "height"])


def test_bad_features_are_found_in_any_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("querist.data.arrays._BLOCK_BYTES", 64)
    array = np.ones((40, 2, 2))
    array[33, 1, 0] = array[2, 1, 0] = np.nan
    with pytest.raises(DataError, match=r"2 NaN or infinite values, 2 of them in column \(1, 0\)"):
        array_source(array)


def test_large_but_finite_features_are_welcome() -> None:
    array = np.full((4, 4), np.finfo(np.float64).max)
    array[:, 0] = range(4)
    assert len(array_source(array)) == 4, "their sum overflows, they do not"


@pytest.mark.parametrize(
    "array, kind, code",
    [
        (np.zeros((2, 2), dtype=complex), ArgumentTypeError, "BadSource"),
        (np.array([["a"], ["b"]]), ArgumentTypeError, "BadSource"),
        (np.array(3.0), ArgumentTypeError, "BadSource"),
        (np.zeros((2, 0)), DataError, "BadFeatures"),
        (np.ma.masked_invalid([[1.0], [np.nan]]), DataError, "BadFeatures"),
    ],
)
def test_other_arrays_are_refused(array: Any, kind: type[Exception], code: str) -> None:
    with pytest.raises(kind) as error:
        array_source(array)
    assert error.value.code == code  # type: ignore[attr-defined]


def test_a_sparse_matrix_stays_sparse_and_unchanged() -> None:
    dense = np.array([[0.0, 2.0, 0.0], [1.0, 0.0, 3.0]])
    for make in (sparse.csr_matrix, sparse.coo_matrix, sparse.csc_array):
        matrix: Any = make(dense)
        source = sparse_source(matrix, ids=["a", "b"])
        batch: Any = source.take(np.array([1, 0]))
        assert (batch.toarray() == dense[::-1]).all()
        assert sparse.issparse(batch)
        assert (matrix.toarray() == dense).all()


def test_equal_sparse_rows_are_found_however_they_are_spelled() -> None:
    data, indices, indptr = [1.0, 2.0, 2.0, 1.0, 0.0, 0.5, 0.5, 2.0], [0, 2, 2, 0, 1, 0, 0, 2], [0, 2, 5, 8]
    matrix = sparse.csr_matrix((data, indices, indptr), shape=(3, 3))
    before = matrix.indices.copy(), matrix.data.copy()
    with pytest.warns(QueristWarning, match="2 of 3 items"):
        source = sparse_source(matrix)
    assert len(set(source.ids)) == 3
    assert len(sparse_source(matrix, dedupe=True)) == 1
    assert (matrix.indices == before[0]).all()
    assert (matrix.data == before[1]).all()


def test_bad_sparse_matrices_are_refused() -> None:
    matrix = sparse.csr_matrix(np.array([[1.0, np.nan], [np.inf, np.nan]]))
    with pytest.raises(DataError, match="3 NaN or infinite values, 2 of them in column 1") as error:
        sparse_source(matrix)
    assert error.value.code == "BadFeatures"
    with pytest.raises(DataError, match="0 items") as empty:
        sparse_source(sparse.csr_matrix((0, 3)))
    assert empty.value.code == "EmptyPool"
    with pytest.raises(ArgumentTypeError, match="complex"):
        sparse_source(sparse.csr_matrix(np.array([[1j]])))


def test_texts() -> None:
    source = text_source(["b", "a", "c"], truth=["x", "y", "x"], name="words")
    assert source.modality == "text"
    assert source.take(slice(1, None)) == ["a", "c"]
    assert source.take(np.array([2, 2])) == ["c", "c"]
    assert source.truth == ["x", "y", "x"]
    with pytest.raises(DataError, match="words: row 2 is no text but int 3"):
        text_source(["a", "b", 3], name="words")
    with pytest.raises(DataError, match="0 items: words"):
        text_source([], name="words")
    assert text_source(["a", "b", "a"], dedupe=True).take(slice(None)) == ["a", "b"]
