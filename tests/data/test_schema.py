"""Label schemas: classes mapped by name, errors that name label, item and cure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.errors import ArgumentError, ArgumentTypeError, DataError, QueristError, UnknownNameError
from querist.data.schema import MultiLabel, Number, Schema, SingleLabel, infer, schema_from_json

PETS = SingleLabel(("cat", "dog", "owl"))
MANY = MultiLabel(("cat", "dog", "owl"))


@contextmanager
def raises(code: str, *words: str) -> Iterator[None]:
    """A named error whose message holds the words."""
    with pytest.raises(QueristError) as error:
        yield
    assert error.value.code == code
    assert all(word in str(error.value) for word in words)


def test_one_class() -> None:
    assert [PETS.encode(name) for name in ("cat", "dog", "owl")] == [0, 1, 2]
    assert [PETS.decode(k) for k in range(3)] == ["cat", "dog", "owl"]
    assert PETS.decode(np.array([0.2, 0.5, 0.3])) == "dog"
    assert PETS.encode(np.str_("dog")) == 1


def test_the_declared_order_counts() -> None:
    assert SingleLabel(("owl", "cat")).encode("owl") == 0
    assert SingleLabel(("owl", "cat")) != SingleLabel(("cat", "owl"))


def test_several_classes() -> None:
    assert MANY.encode(["owl", "cat", "owl"]).tolist() == [1.0, 0.0, 1.0]
    assert MANY.encode([]).tolist() == [0.0, 0.0, 0.0]
    assert MANY.encode({"dog"}).tolist() == [0.0, 1.0, 0.0]  # type: ignore[arg-type]
    assert MANY.decode([0.6, 0.4, 0.5]) == ["cat", "owl"]
    assert not isinstance(MANY, SingleLabel), "rooms tell the two apart"


def test_a_number() -> None:
    temperature = Number(low=-10, high=40)
    assert temperature.encode(3) == 3.0
    assert temperature.encode(np.float32(0.5)) == 0.5  # type: ignore[arg-type]
    assert temperature.encode("21.5") == 21.5, "files know nothing but text"
    assert temperature.decode(np.float64(2)) == 2.0
    assert Number().encode(-1e9) == -1e9


def test_an_unknown_label_names_label_item_and_nearest() -> None:  # rows 10 and 11
    for schema, value in ((PETS, "dgo"), (MANY, ["cat", "dgo"])):
        with raises("UnknownLabel", "'dgo'", "'i7'", "'dog'", "add_class"):
            schema.encode(value, item="i7")
        with raises("UnknownLabel", "'dgo'", "'i7'"):
            schema.encode_distribution({"dgo": 1.0}, item="i7")
    with pytest.raises(UnknownNameError, match="allowed are cat, dog, owl"):
        PETS.encode("zzzzzz")
    with pytest.raises(UnknownNameError):
        PETS.encode("Cat")


@pytest.mark.parametrize("value, kind", [(1, "int"), (1.0, "float"), (np.int64(1), "int")])
def test_a_class_that_is_no_text_is_refused_with_the_cure(value: Any, kind: str) -> None:  # row 12
    digits = SingleLabel(("0", "1"))
    with raises("MixedLabelTypes", "label 1", "'i7'", kind, "write '1'"):
        digits.encode(value, item="i7")
    with raises("UnknownLabel", "'i7'"):
        digits.encode(value + 6, item="i7")
    with raises("UnknownLabel", "True"):
        digits.encode(True)


def test_no_label() -> None:
    with raises("BadLabel", "'i7' has no label"):
        PETS.encode(None, item="i7")


@pytest.mark.parametrize(
    "names",
    [("cat", "Cat"), ("cat", " cat "), ("caf\u00e9", "cafe\u0301"), ("stra\u00dfe", "STRASSE"), ("I", "i")],
)
def test_names_that_look_alike_are_refused(names: tuple[str, str]) -> None:  # row 13
    for schema in (SingleLabel, MultiLabel):
        with pytest.raises(DataError, match="differ by case, spaces or composition") as error:
            schema(("first", *names))
        assert error.value.code == "AmbiguousClasses"
        assert all(repr(name) in str(error.value) for name in names), "both are named"


@pytest.mark.parametrize(
    "classes, code, words",
    [
        (("cat", "cat"), "AmbiguousClasses", ["'cat'", "twice"]),
        (("cat", " "), "AmbiguousClasses", ["class name 2", "empty"]),
        ((), "NoClasses", ["name at least one"]),
        ((1, "1"), "MixedLabelTypes", ["int", "str"]),
        ((1, True), "MixedLabelTypes", ["int", "bool"]),
        ((1.5, 2.5), "BadLabel", ["float", "1.5"]),
        ("cat", "BadLabel", ["list of names", "str"]),
        (3, "BadLabel", ["list of names", "int"]),
        (("a", "b\0"), "BadLabel", ["NUL"]),
        (("a", "\ud800"), "BadLabel", ["surrogate"]),
    ],
)
def test_bad_classes(classes: Any, code: str, words: list[str]) -> None:
    with raises(code, *words):
        SingleLabel(classes)


def test_whole_numbers_become_text() -> None:
    assert SingleLabel((2, 10, np.int64(1))).classes == ("2", "10", "1")  # type: ignore[arg-type]
    assert SingleLabel(range(3)).classes == ("0", "1", "2")  # type: ignore[arg-type]


def test_a_new_class_comes_last() -> None:  # row 11
    for schema in (PETS, MANY):
        more = schema.with_class("ant")
        assert more.classes == ("cat", "dog", "owl", "ant")
        assert type(more) is type(schema)
        assert schema.classes == ("cat", "dog", "owl"), "the old one stays"
        with raises("AmbiguousClasses", "'cat'", "'CAT'"):
            schema.with_class("CAT")
    with raises("BadLabel", "Number has no classes", "'ant'"):
        Number().with_class("ant")


def test_shares_of_one_class() -> None:
    assert PETS.encode_distribution({"owl": 0.25, "cat": 0.75}).tolist() == [0.75, 0.0, 0.25]
    assert PETS.encode_distribution({"owl": 3, "cat": 1}).tolist() == [0.25, 0.0, 0.75], "votes are shares too"


def test_shares_of_several_classes_stand_alone() -> None:
    assert MANY.encode_distribution({"owl": 1, "cat": 0.5}).tolist() == [0.5, 0.0, 1.0]
    with raises("BadLabel", "'i7'", "0 to 1"):
        MANY.encode_distribution({"owl": 1.5}, item="i7")


@pytest.mark.parametrize(
    "shares, words",
    [
        ({"cat": -0.1, "dog": 1.1}, ["0 or more"]),
        ({"cat": float("nan")}, ["0 or more"]),
        ({"cat": float("inf")}, ["0 or more"]),
        ({"cat": 0.0}, ["all shares are 0"]),
        ({}, ["all shares are 0"]),
        ({"cat": "0.5"}, ["'cat'", "str"]),
        ({"cat": True}, ["'cat'", "bool"]),
        (["cat"], ["shares by class name", "list"]),
    ],
)
def test_bad_shares(shares: Any, words: list[str]) -> None:
    with raises("BadLabel", "'i7'", *words):
        PETS.encode_distribution(shares, item="i7")


@pytest.mark.parametrize("value", ["cat", 3, None, {"cat": 1.0}])
def test_several_classes_need_a_list(value: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="'i7': a list of class names is needed") as error:
        MANY.encode(value, item="i7")
    assert error.value.code == "BadLabel"


@pytest.mark.parametrize("value", ["warm", None, True, [1.0], 10**400])
def test_what_is_no_number(value: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="'i7': a number is needed") as error:
        Number().encode(value, item="i7")
    assert error.value.code == "BadLabel"


@pytest.mark.parametrize("value", [41, -11, float("nan"), float("inf"), "41"])
def test_numbers_outside_the_limits(value: Any) -> None:
    with raises("BadLabel", "'i7'", "not within -10.0 to 40.0"):
        Number(-10, 40).encode(value, item="i7")
    if value != value:
        with raises("BadLabel", "nan"):
            Number().encode(value)


def test_limits_must_make_sense() -> None:
    for low, high in ((2, 1), ("0", 1), (float("nan"), None), (True, None)):
        with pytest.raises(ArgumentError) as error:
            Number(low, high)  # type: ignore[arg-type]
        assert error.value.code == "BadSchema"
    with raises("BadLabel", "'i7'", "Number"):
        Number().encode_distribution({"a": 1.0}, item="i7")


def test_targets_that_are_none() -> None:
    for bad in (3, -1):
        with raises("BadTarget", str(bad), "3 classes"):
            PETS.decode(bad)
    with raises("BadTarget", "3 shares"):
        MANY.decode([1.0])


CLASSES = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(str.strip),
    min_size=1,
    max_size=6,
)
LIMITS = st.none() | st.floats(-1e6, 1e6)


@given(CLASSES, st.sampled_from([SingleLabel, MultiLabel]))
@settings(max_examples=60, deadline=None)
def test_json_brings_class_schemas_back(names: list[str], kind: type[SingleLabel] | type[MultiLabel]) -> None:
    try:
        schema = kind(tuple(names))
    except DataError as error:
        assert error.code == "AmbiguousClasses"  # noqa: PT017
        return
    back = schema_from_json(json.loads(json.dumps(schema.to_json())))
    assert back == schema
    assert type(back) is type(schema)
    for name in names:
        value: Any = name if kind is SingleLabel else [name]
        assert schema.decode(schema.encode(value)) == value


@given(LIMITS, LIMITS)
@settings(max_examples=30, deadline=None)
def test_json_brings_numbers_back(low: float | None, high: float | None) -> None:
    if low is not None and high is not None and low > high:
        low, high = high, low
    schema = Number(low, high)
    assert schema_from_json(json.loads(json.dumps(schema.to_json()))) == schema


@pytest.mark.parametrize(
    "data", [{"kind": "spans"}, {}, {"kind": "single"}, {"kind": "multi", "classes": "ab"}, {"kind": []}, [], None]
)
def test_bad_json_is_refused(data: Any) -> None:
    with raises("BadSchema"):
        schema_from_json(data)


@pytest.mark.parametrize(
    "values, wanted",
    [
        (["dog", "cat", "dog"], SingleLabel(("cat", "dog"))),
        (["10", "9", "2"], SingleLabel(("2", "9", "10"))),
        ([10, 9, 2], SingleLabel(("2", "9", "10"))),
        ([True, False], SingleLabel(("False", "True"))),
        (["b", "10", "9"], SingleLabel(("10", "9", "b"))),
        ([["b", "a"], ["c"], []], MultiLabel(("a", "b", "c"))),
        ([0.5, 1.0], Number()),
        ([{"b": 0.5, "a": 0.5}, {"c": 1.0}], SingleLabel(("a", "b", "c"))),
        (["cat", None, ""], SingleLabel(("cat",))),
        (np.array(["b", "a"]), SingleLabel(("a", "b"))),
        (np.array([3, 1]), SingleLabel(("1", "3"))),
        (np.array([0.5]), Number()),
    ],
)
def test_a_schema_is_found(values: Any, wanted: Schema) -> None:  # row 14
    found = infer(values)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    "values, code",
    [
        ([1, "1"], "MixedLabelTypes"),
        (["a", ["a"]], "MixedLabelTypes"),
        ([1, 1.0, True], "MixedLabelTypes"),
        ([], "NoClasses"),
        ([None], "NoClasses"),
        ([[], []], "NoClasses"),
        (["cat", "Cat"], "AmbiguousClasses"),
        ([object(), object()], "BadLabel"),
    ],
)
def test_no_schema_is_found(values: list[Any], code: str) -> None:
    with raises(code):
        infer(values)


def test_schemas_are_frozen() -> None:
    with pytest.raises(AttributeError):
        PETS.classes = ()  # type: ignore[misc]
    assert hash(PETS) == hash(SingleLabel(("cat", "dog", "owl")))


def test_targets_of_several_items_become_one_array() -> None:
    assert PETS.stack([0, 2]).dtype == np.int64
    assert PETS.stack([1, np.array([0.5, 0.0, 0.5])]).tolist() == [[0, 1, 0], [0.5, 0, 0.5]]
    assert Number().stack([1.0, 2.5]).dtype == np.float64
    assert PETS.stack([]).shape == (0,)
