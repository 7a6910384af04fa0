"""What every source does: ids, rows, digest, and what was noticed."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.errors import ArgumentTypeError, DataError, QueristWarning, UnknownNameError
from querist.core.types import Items
from querist.data.arrays import array_source
from querist.data.ids import digest_texts
from querist.data.source import Kept, Noticed, Source, row_numbers

IDS = ["ant", "bee", "cat", "dog"]


def source(**more: Any) -> Source:
    return array_source(np.arange(8.0).reshape(4, 2), **{"ids": IDS, "name": "the zoo", **more})


def test_rows_of_items_of_this_source_cost_nothing() -> None:
    zoo = source()
    rows = np.array([2, 0])
    items = zoo.items(rows)
    assert list(items) == ["cat", "ant"]
    assert zoo.rows_of(items) is rows
    assert "_places" not in vars(zoo), "no lookup was built"
    assert list(zoo.items()) == IDS


def test_rows_of_ids_are_looked_up() -> None:
    zoo = source()
    assert zoo.rows_of(["dog", "ant", "dog"]).tolist() == [3, 0, 3]
    assert zoo.rows_of([]).tolist() == []
    assert zoo.rows_of([]).dtype == np.int64
    other = source(ids=["dog", "cat", "bee", "ant"])
    assert zoo.rows_of(other.items(np.array([0, 1]))).tolist() == [3, 2], "items of another source are looked up"
    assert zoo.rows_of(Items(list(IDS), np.array([1]))).tolist() == [1]


def test_an_unknown_id_is_named_with_the_nearest() -> None:  # row 26
    with pytest.raises(UnknownNameError) as error:
        source().rows_of(["ant", "dgo"])
    assert error.value.code == "UnknownItem"
    assert all(word in str(error.value) for word in ("'dgo'", "the zoo", "'dog'"))
    with pytest.raises(UnknownNameError, match="ids look like 'ant'"):
        source().rows_of(["zzzzzzzz"])


@pytest.mark.parametrize(
    "bad, cure", [(1, "source.ids[1]"), (np.int64(2), "source.ids[2]"), (1.5, "'ant'"), (None, "'ant'")]
)
def test_positions_are_refused(bad: Any, cure: str) -> None:  # row 27
    zoo = source()
    with pytest.raises(ArgumentTypeError, match="ids, not positions") as error:
        zoo.rows_of(["ant", bad])
    assert error.value.code == "NotAnId"
    assert cure in str(error.value)
    with pytest.raises(ArgumentTypeError, match="ids, not positions"):
        zoo.rows_of(np.array([0, 1]))  # type: ignore[arg-type]


def test_one_text_is_not_a_list_of_ids() -> None:
    with pytest.raises(ArgumentTypeError, match=r"\['ant'\]") as error:
        source().rows_of("ant")
    assert error.value.code == "NotAnId"


def test_copies_are_warned_of_and_can_be_dropped() -> None:  # row 24
    array = np.array([[1.0], [2.0], [1.0], [1.0]])
    with pytest.warns(QueristWarning, match=r"the zoo: 2 of 4 items .* dedupe=True"):
        kept = array_source(array, ids=IDS, name="the zoo")
    assert (len(kept), kept.noticed.duplicates, kept.noticed.dropped) == (4, 2, 0)
    single = array_source(array, ids=IDS, truth=["a", "b", "c", "d"], dedupe=True)
    assert list(single.ids) == ["ant", "bee"]
    assert single.truth == ["a", "b"]
    assert single.take(slice(None)).tolist() == [[1.0], [2.0]]
    assert (single.noticed.duplicates, single.noticed.dropped) == (0, 2)


def test_ids_and_labels_of_another_number_are_refused() -> None:  # row 29
    for more in ({"ids": IDS[:3]}, {"truth": ["a"] * 3}, {"ids": IDS[:3], "dedupe": True}):
        with pytest.raises(DataError, match=r"3 (ids|labels) for 4 items") as error:
            source(**more)
        assert error.value.code == "LengthMismatch"


def test_an_empty_pool_is_refused() -> None:  # row 5
    with pytest.raises(DataError, match="pool has 0 items: the zoo") as error:
        array_source(np.empty((0, 3)), name="the zoo")
    assert error.value.code == "EmptyPool"


def test_the_digest_tells_contents_ids_and_order() -> None:
    plain = source().digest
    assert plain == source(name="other").digest, "the name plays no part"
    assert len(plain) == 32
    others = [
        source(ids=["ant", "bee", "cat", "doe"]).digest,
        array_source(np.arange(8.0).reshape(4, 2) + 1, ids=IDS).digest,
        array_source(np.arange(8.0).reshape(4, 2)[::-1], ids=IDS[::-1]).digest,
    ]
    assert len({plain, *others}) == 4


@given(st.permutations(range(7)))
@settings(max_examples=30, deadline=None)
def test_ids_from_content_follow_their_items(order: list[int]) -> None:
    array = np.arange(14.0).reshape(7, 2)
    plain, mixed = array_source(array), array_source(array[order])
    assert list(mixed.ids) == [plain.ids[k] for k in order]
    rows = mixed.rows_of(list(plain.ids))
    assert (mixed.take(rows) == array).all()


def test_what_is_kept_carries_on_what_was_noticed() -> None:
    noticed = Noticed(skipped=((3, "bad"),))
    kept = Kept.of(digest_texts(["a", "b", "a"]), True, ids=None, truth=["x", "y", "z"], name="t", noticed=noticed)
    assert kept.rows is not None
    assert kept.rows.tolist() == [0, 1]
    assert kept.truth == ["x", "y"]
    assert kept.noticed == Noticed(dropped=1, skipped=((3, "bad"),))
    assert Kept.of(digest_texts(["a", "b"]), True, ids=None, truth=None, name="t").rows is None
    with pytest.raises(DataError, match=r"0 items: t is empty \(1 bad rows were left out\)"):
        Kept.of(digest_texts([]), False, ids=None, truth=None, name="t", noticed=noticed)


def test_row_numbers() -> None:
    assert row_numbers(slice(1, None, 2), 6) == [1, 3, 5]
    assert row_numbers(np.array([4, 0]), 6) == [4, 0]


def test_the_python_form_names_kind_and_size() -> None:
    assert repr(source()) == "<ArraySource 'the zoo': 4 items, array>"


def test_the_room_has_a_list_of_names() -> None:
    room = importlib.import_module("querist.data")
    assert room.Source is Source
    assert all(getattr(room, name).__name__ == name for name in room.__all__)
    assert dir(room) == sorted(room.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        _ = room.nothing
