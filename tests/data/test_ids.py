"""Ids: given ones are checked, those from content are stable, compact and told apart by an ordinal."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.errors import DataError
from querist.data.ids import (
    ContentIds,
    copy_numbers,
    digest_bytes,
    digest_rows,
    digest_texts,
    given_ids,
)


def obvious_digest(row: Any) -> str:
    """What the id of an array's row is, spelled out."""
    kind = f"{row.dtype.str}{row.shape}".encode()
    return hashlib.blake2b(kind + row.tobytes(), digest_size=16).hexdigest()


def content_ids(contents: Any) -> ContentIds:
    return ContentIds(contents, copy_numbers(contents))


def test_a_row_is_known_by_bytes_shape_and_kind() -> None:
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert list(content_ids(digest_rows(array))) == [obvious_digest(row) for row in array]
    flat, square = digest_rows(array), digest_rows(array.reshape(3, 2, 2))
    wide = digest_rows(array.astype(np.float64))
    assert not (flat == square).all(axis=1).any(), "shape counts"
    assert not (flat == wide).all(axis=1).any(), "kind of number counts"


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "f8", "f2", "i1", "u2", "?"])
def test_digests_see_values_not_memory_layout(dtype: str) -> None:
    array = (np.arange(24).reshape(4, 6) % 2).astype(dtype)
    for other in (np.asfortranarray(array), np.repeat(array, 2, axis=1)[:, ::2], array[::-1][::-1]):
        assert (digest_rows(other) == digest_rows(array)).all()


def test_digests_do_not_depend_on_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.random.default_rng(0).normal(size=(50, 3))
    whole = digest_rows(array)
    monkeypatch.setattr("querist.data.ids._BLOCK_BYTES", 100)
    assert (digest_rows(array) == whole).all()


def test_texts_and_bytes_agree() -> None:
    assert (digest_texts(["é", ""]) == digest_bytes(["é".encode(), b""])).all()
    assert digest_texts(["a"]).tobytes().hex() == hashlib.blake2b(b"a", digest_size=16).hexdigest()


def test_copies_get_an_ordinal_in_order() -> None:
    contents = digest_texts(["a", "b", "a", "a", "b"])
    assert copy_numbers(contents).tolist() == [0, 0, 1, 2, 1]
    ids = content_ids(contents)
    a, b = (hashlib.blake2b(t, digest_size=16).hexdigest() for t in (b"a", b"b"))
    assert list(ids) == [a, b, f"{a}-1", f"{a}-2", f"{b}-1"]
    assert [ids[k] for k in range(5)] == list(ids)
    assert np.asarray(ids).tolist() == list(ids)
    assert ids[-1] == f"{b}-1"
    assert ids[1:3] == [b, f"{a}-1"]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40))
@settings(max_examples=30, deadline=None)
def test_copy_numbers_against_counting(values: list[int]) -> None:
    contents = digest_texts(map(str, values))
    assert copy_numbers(contents).tolist() == [values[:k].count(v) for k, v in enumerate(values)]
    ids = list(content_ids(contents))
    assert len(set(ids)) == len(values)


def test_content_ids_are_a_sequence() -> None:
    ids = content_ids(digest_texts(["a", "b", "c"]))
    assert len(ids) == 3
    assert np.asarray(ids).dtype == np.dtype("<U32")
    assert np.asarray(ids).tolist() == list(ids) == [ids[0], ids[1], ids[2]]
    assert ids[2] in ids
    assert "3 ids" in repr(ids)
    with pytest.raises(IndexError):
        ids[3]


def test_given_ids_become_text() -> None:
    assert given_ids(["a", 7, np.int64(8), np.str_("b")], 4, "x") == ["a", "7", "8", "b"]
    assert given_ids(np.array([3, 1]), 2, "x") == ["3", "1"]
    assert all(type(i) is str for i in given_ids([np.str_("b")], 1, "x"))


@pytest.mark.parametrize(
    "ids, code, words",
    [
        (["a", "b", "a"], "DuplicateId", ["'a'", "0 and 2"]),
        ([1, "1", "c"], "DuplicateId", ["'1'", "0 and 1"]),
        (["a", "b"], "LengthMismatch", ["2 ids", "3 items"]),
        (["a", "b", ""], "BadId", ["row 2"]),
        (["a", "b\0c", "d"], "BadId", ["row 1", "NUL"]),
        (["a", "\ud800", "d"], "BadId", ["row 1", "surrogate"]),
        (["a", None, "d"], "BadId", ["row 1", "NoneType"]),
        ([1.0, 2.0, 3.0], "BadId", ["row 0", "float"]),
        ([True, False, 3], "BadId", ["row 0", "bool"]),
    ],
)
def test_bad_ids_are_named(ids: list[Any], code: str, words: list[str]) -> None:
    with pytest.raises(DataError) as error:
        given_ids(ids, 3, "the pool")
    assert error.value.code == code
    assert error.value.exit_code == 3
    assert all(word in str(error.value) for word in ["the pool", *words])
    str(error.value).encode("utf-8")  # can be printed


def test_many_repeats_are_counted_not_listed() -> None:
    with pytest.raises(DataError, match=r"'a' stands in rows 0, 1, 2, 3 \.\.\. and 49; 1 more ids") as error:
        given_ids(["a"] * 50 + ["b", "b"], 52, "the pool")
    assert len(str(error.value)) < 200
