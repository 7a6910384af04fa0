"""What a store takes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.core.types import Answer, Event
from querist.storage.events import chain, check_expected, check_stream, conflict, encode, first_digest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_what_json_holds_comes_back(payload: dict[str, Any]) -> None:
    try:
        text = encode(Event("note", payload))
    except ArgumentError:
        assert any(0xD800 <= ord(c) <= 0xDFFF for c in json.dumps(payload, ensure_ascii=False))
    else:
        assert json.loads(text) == payload


def test_tuples_become_lists_and_numpy_floats_numbers() -> None:
    assert encode(Event("note", {"a": (1, 2), "b": np.float64(0.5)})) == '{"a":[1,2],"b":0.5}'


@pytest.mark.parametrize(
    "payload, kind, words",
    [
        ({"metrics": {"accuracy": float("nan")}}, ArgumentError, "NaN or an infinite number at metrics.accuracy"),
        ({"scores": [0.5, float("inf")]}, ArgumentError, "at scores.1"),
        ({"x": np.int64(3)}, ArgumentTypeError, "int64"),
        ({"x": b"bytes"}, ArgumentTypeError, "bytes"),
        ({"x": "\ud800"}, ArgumentError, "what JSON cannot"),
        ([1, 2], ArgumentTypeError, "must be a mapping, got list"),
    ],
)
def test_what_json_cannot_hold(payload: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind) as caught:
        encode(Event("note", payload))
    assert getattr(caught.value, "code", "") == "BadEvent"
    assert words in str(caught.value)


def test_endless_payloads_are_refused() -> None:
    payload: dict[str, Any] = {}
    payload["self"] = payload
    with pytest.raises(ArgumentError, match="what JSON cannot"):
        encode(Event("note", payload))
    deep: Any = 0
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ArgumentError, match="what JSON cannot"):
        encode(Event("note", {"deep": deep}))


ANSWER = Answer.label("a", "cat").to_json()
ASKED = {"query": "q0", "turn": 0, "items": ["a"]}
FITTED = {"round": 0, "labels": 1, "model": None}


@pytest.mark.parametrize(
    "kind, payload, words",
    [
        ("asked", {"query": "q0", "turn": 0}, "lacks items"),
        ("asked", {**ASKED, "items": [3]}, "item must be text, got int"),
        ("asked", {**ASKED, "turn": -1}, "turn must be a whole number"),
        ("asked", {**ASKED, "query": None}, "query must be text"),
        ("told", {"query": None}, "lacks answers"),
        ("told", {"answers": [{**ANSWER, "kind": "guess"}]}, "guess"),
        ("told", {"answers": [{**ANSWER, "item": 3}]}, "positions"),
        ("told", {"answers": [{**ANSWER, "cost": "free"}]}, "free"),
        ("told", {"answers": [{**ANSWER, "annotator": None}]}, "annotator must be text"),
        ("told", {"answers": [{"kind": "label"}]}, "item"),
        ("told", {"answers": ["a"]}, "cannot be read back"),
        ("told", {"query": 3, "answers": []}, "query must be text"),
        ("fitted", {"round": 0}, "lacks labels, model"),
        ("fitted", {**FITTED, "round": 2**70}, "round"),
        ("fitted", {**FITTED, "model": 3}, "model must be text"),
        ("fitted", {**FITTED, "cost": "x"}, "fitted"),
        ("stopped", {"rule": "r", "text": None}, "text must be text"),
    ],
)
def test_half_events_are_refused(kind: str, payload: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        encode(Event(kind, payload))
    assert caught.value.code == "BadEvent"
    assert words in str(caught.value)


def test_whole_events_and_unknown_kinds_are_taken() -> None:
    for kind, payload in (
        ("asked", ASKED),
        ("told", {"answers": [ANSWER]}),
        ("fitted", FITTED),
        ("stopped", {"rule": "r", "text": "t"}),
        ("of a plug-in", {}),
    ):
        assert json.loads(encode(Event(kind, payload))) == payload


@pytest.mark.parametrize("event", [None, "asked", {"kind": "asked"}, Event("", {}), Event(None, {})])  # type: ignore[arg-type]
def test_other_things_are_no_events(event: Any) -> None:
    with pytest.raises(ArgumentTypeError) as caught:
        encode(event)
    assert caught.value.code == "BadEvent"


def test_names_of_streams() -> None:
    assert check_stream("main") == "main"
    for name in ("", "x" * 201, "a\0b"):
        with pytest.raises(ArgumentError, match="name of a stream"):
            check_stream(name)
    with pytest.raises(ArgumentTypeError, match="got int"):
        check_stream(3)


def test_expected_numbers() -> None:
    assert check_expected(None) is None
    assert check_expected(np.int64(3)) == 3
    for value in ("3", 3.0, True):
        with pytest.raises(ArgumentTypeError, match="expected"):
            check_expected(value)


def test_conflict_names_stream_expected_and_found() -> None:
    error = conflict("main", 5, 7)
    assert error.code == "Conflict"
    assert "'main' was expected to end at event 5, and ends at 7" in str(error)


def test_every_part_of_an_event_moves_its_digest() -> None:
    before = first_digest("main")
    base = chain(before, 1, 2.0, "note", "{}")
    others = {
        chain(first_digest("other"), 1, 2.0, "note", "{}"),
        chain(before, 2, 2.0, "note", "{}"),
        chain(before, 1, 2.5, "note", "{}"),
        chain(before, 1, 2.0, "not", "e{}"),
        chain(before, 1, 2.0, "note", "{ }"),
    }
    assert base not in others
    assert len(others) == 5
    assert len(base) == 16
