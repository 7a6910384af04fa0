"""Splits: fixed by seed and ids, whatever the order of the source."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.errors import ArgumentError, ArgumentTypeError, DataError
from querist.data.arrays import array_source
from querist.data.source import Source
from querist.data.splits import Splits, split

IDS = [f"item-{k}" for k in range(60)]
ARRAY = np.arange(120.0).reshape(60, 2)


def source(order: Any = slice(None)) -> Source:
    return array_source(ARRAY[order], ids=np.asarray(IDS)[order].tolist())


def parts(found: Splits) -> tuple[Any, ...]:
    return found.pool, found.test, found.validation, found.reference


def names(from_: Source, found: Splits) -> list[set[str]]:
    return [{from_.ids[r] for r in rows.tolist()} for rows in parts(found)]


def test_the_parts_cover_all_rows_once() -> None:
    found = split(source(), 0, test=0.25, validation=6, reference=0.1)
    assert [len(p) for p in parts(found)] == [33, 15, 6, 6]
    assert sorted(np.concatenate(parts(found)).tolist()) == list(range(60))
    assert all((np.diff(p) > 0).all() and p.dtype == np.int64 for p in parts(found))


def test_the_seed_decides() -> None:
    a, b, c = (split(source(), seed).test.tolist() for seed in (0, 0, 1))
    assert a == b
    assert a != c


def test_no_global_generator_is_moved() -> None:
    np.random.seed(5)  # noqa: NPY002
    before = np.random.get_state()[1].tolist()  # type: ignore[index] # noqa: NPY002
    split(source(), 0)
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index] # noqa: NPY002


@given(st.permutations(range(60)), st.integers(0, 1000), st.booleans())
@settings(max_examples=30, deadline=None)
def test_the_order_of_the_source_plays_no_part(order: list[int], seed: int, stratified: bool) -> None:
    labels = np.asarray(["abc"[k % 3] for k in range(60)])
    more = {"validation": 5, "reference": 0.1}
    plain, mixed = source(), source(order)
    a = split(plain, seed, stratify=labels.tolist() if stratified else None, **more)
    b = split(mixed, seed, stratify=labels[order].tolist() if stratified else None, **more)
    assert names(plain, a) == names(mixed, b)


def test_later_parts_move_no_earlier_ones() -> None:
    test = split(source(), 3, test=10).test.tolist()
    assert split(source(), 3, test=10, validation=9, reference=8).test.tolist() == test


def test_shares_of_classes_are_kept() -> None:
    labels = ["common"] * 40 + ["rare"] * 20
    for seed in range(5):
        found = split(source(), seed, test=0.3, validation=0.2, stratify=labels)
        assert [labels[r] for r in found.test].count("rare") == 6
        assert [labels[r] for r in found.validation].count("rare") == 4


def test_labels_may_be_missing_when_classes_are_spread() -> None:
    found = split(source(), 0, test=0.5, stratify=[None, "a"] * 30)
    assert sum(r % 2 for r in found.test.tolist()) == 15


def test_a_small_share_holds_out_one_item_at_least() -> None:
    small = array_source(ARRAY[:3])
    found = split(small, 0, test=0.1)
    assert [len(p) for p in parts(found)] == [2, 1, 0, 0]
    assert len(split(small, 0, test=0.0).pool) == 3


@pytest.mark.parametrize(
    "sizes, kind, words",
    [
        ({"test": 1.0}, ArgumentError, ["test", "1.0", "write 1 for a count"]),
        ({"test": -0.1}, ArgumentError, ["test", "-0.1"]),
        ({"validation": -3}, ArgumentError, ["validation", "-3"]),
        ({"reference": float("nan")}, ArgumentError, ["reference", "nan"]),
        ({"test": float("inf")}, ArgumentError, ["test", "inf"]),
        ({"test": "half"}, ArgumentTypeError, ["test", "str"]),
        ({"test": True}, ArgumentTypeError, ["test", "bool"]),
        ({"test": None}, ArgumentTypeError, ["test", "NoneType"]),
        ({"test": 60}, ArgumentError, ["60", "nothing", "pool"]),
        ({"test": 0.5, "validation": 20, "reference": 10}, ArgumentError, ["30", "20", "10", "60"]),
    ],
)
def test_bad_sizes_are_refused(sizes: dict[str, Any], kind: type[Exception], words: list[str]) -> None:
    with pytest.raises(kind) as error:
        split(source(), 0, **sizes)
    assert error.value.code == "BadSplit"  # type: ignore[attr-defined]
    assert all(word in str(error.value) for word in words)


def test_other_faults() -> None:
    with pytest.raises(DataError, match="59 labels for 60 items") as error:
        split(source(), 0, stratify=["a"] * 59)
    assert error.value.code == "LengthMismatch"
    with pytest.raises(ArgumentError, match="seed"):
        split(source(), -1)
