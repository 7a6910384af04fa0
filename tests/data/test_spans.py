"""Spans in and out, tags in and out, and what is refused by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.errors import QueristError
from querist.core.types import Answer
from querist.data.schema import schema_from_json
from querist.data.sequences import sequence_source
from querist.data.spans import Spans

BIO = Spans(("person", "place"))
IO = Spans(("person", "place"), scheme="io")


@contextmanager
def raises(code: str, *words: str) -> Iterator[None]:
    with pytest.raises(QueristError) as error:
        yield
    assert error.value.code == code
    assert all(word in str(error.value) for word in words), str(error.value)


def test_spans_become_tag_numbers_and_come_back() -> None:
    spans = [[3, 4, "place"], [0, 2, "person"], [4, 6, "place"]]
    target = BIO.encode(spans)
    assert target.tolist() == [1, 2, 0, 3, 3, 4]
    assert BIO.decode(target) == sorted(spans)
    assert BIO.decode_tags(target) == ["B-person", "I-person", "O", "B-place", "B-place", "I-place"]
    assert BIO.encode(BIO.decode_tags(target)).tolist() == target.tolist()
    assert IO.encode([[0, 2, "person"], [2, 3, "place"]]).tolist() == [1, 1, 2]
    assert IO.decode([1, 1, 2, 0, 2]) == [[0, 2, "person"], [2, 3, "place"], [4, 5, "place"]]
    assert BIO.encode([]).tolist() == []
    assert BIO.decode([2, 2, 4]) == [[0, 2, "person"], [2, 3, "place"]], "I after nothing begins a span"


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(["bio", "io"]))
def test_every_valid_labelling_survives_the_way_there_and_back(data: Any, scheme: Any) -> None:
    schema = Spans(("a", "b", "c"), scheme=scheme)
    spans: list[list[int | str]] = []
    at = 0
    for _ in range(data.draw(st.integers(0, 4))):
        start = at + data.draw(st.integers(1 if scheme == "io" else 0, 3))
        at = start + data.draw(st.integers(1, 3))
        spans.append([start, at, data.draw(st.sampled_from("abc"))])
    bound = Spans(schema.classes, scheme, lengths={"x": at + 2})
    target = bound.encode(spans, "x")
    assert len(target) == at + 2
    assert bound.decode(target) == spans
    assert np.array_equal(bound.encode(bound.decode_tags(target), "x"), target)
    first, steps = schema.allowed()
    assert first[target[0]]
    assert steps[target[:-1], target[1:]].all()


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        (["I-person"], ("tag 1", "continues no person")),
        (["B-place", "I-person"], ("tag 2", "continues no person")),
        (["B-person", "O", "I-person"], ("tag 3",)),
    ],
)
def test_tags_that_are_not_valid_are_refused_or_mended(tags: list[str], words: tuple[str, ...]) -> None:
    with raises("BadTags", "'x'", *words):
        BIO.encode(tags, "x")
    mended = Spans(BIO.classes, repair=True).decode_tags(Spans(BIO.classes, repair=True).encode(tags))
    assert mended == [t if t == "O" or not t.startswith("I") else f"B{t[1:]}" for t in tags]
    assert BIO.encode(mended).any(), "what was mended is valid"


def test_io_knows_no_b_and_no_touching_spans() -> None:
    with raises("BadTags", "has no B"):
        IO.encode(["B-person"])
    with raises("BadSpan", "touch", "scheme='bio'"):
        IO.encode([[0, 1, "person"], [1, 2, "person"]])
    mending = Spans(IO.classes, "io", repair=True)
    assert mending.encode(["B-person", "I-person"]).tolist() == [1, 1]
    assert mending.decode(mending.encode([[0, 1, "person"], [1, 2, "person"]])) == [[0, 2, "person"]]


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [
        ([[0, 2, "persom"]], "UnknownLabel", ("did you mean 'person'",)),
        (["B-persom", "O", "O"], "UnknownLabel", ("did you mean 'person'",)),
        (["X-person", "O", "O"], "BadTags", ("X-person",)),
        (["O", "O"], "BadTags", ("2 tags for 3 tokens",)),
        (["O", 7, "O"], "BadTags", ("7",)),
        ([[0, 4, "person"]], "BadSpan", ("beyond its 3 tokens",)),
        ([[0, 2, "person"], [1, 3, "place"]], "BadSpan", ("begins inside",)),
        ([[1, 1, "person"]], "BadSpan", ("first < after_last",)),
        ([[-1, 1, "person"]], "BadSpan", ()),
        ([[0.0, 1, "person"]], "BadSpan", ()),
        ([[True, 2, "person"]], "BadSpan", ()),
        ([[0, 1]], "BadSpan", ()),
        ([5], "BadSpan", ("5",)),
        ("person", "BadLabel", ("str",)),
        ({"person": 0.5}, "BadLabel", ("dict",)),
        (None, "BadLabel", ()),
    ],
)
def test_what_is_refused(value: Any, code: str, words: tuple[str, ...]) -> None:
    schema = Spans(BIO.classes, lengths={"x": 3})
    with raises(code, "'x'", *words):
        schema.encode(value, "x")


def test_shares_over_types_are_refused_by_name() -> None:
    with raises("BadLabel", "'x'", "sample weight"):
        BIO.encode_distribution({"person": 0.5}, "x")


def test_bound_to_a_source_the_number_of_tokens_is_known() -> None:
    source = sequence_source([["a", "b", "c"], ["d"]], ids=["x", "y"])
    schema = BIO.of(source)
    assert schema == BIO, "what it is bound to is no part of what it is"
    assert schema.encode([], "x").tolist() == [0, 0, 0]
    assert schema.encode([[0, 1, "place"]], "y").tolist() == [3]
    with raises("BadSpan", "1 tokens"):
        schema.encode([[0, 2, "place"]], "y")
    assert schema.with_class("group").encode([[0, 1, "group"]], "y").tolist() == [5]


def test_targets_of_several_items_are_padded_with_o() -> None:
    stacked = BIO.stack([BIO.encode([[1, 2, "place"]]), BIO.encode([]), BIO.encode([[0, 1, "person"]])])
    assert stacked.tolist() == [[0, 3], [0, 0], [1, 0]]
    assert stacked.dtype == np.int64
    assert BIO.stack([]).shape == (0, 0)


def test_json_there_and_back() -> None:
    for schema in (BIO, IO, Spans(("a",), repair=True)):
        assert schema_from_json(json.loads(json.dumps(schema.to_json()))) == schema
    with raises("BadSchema"):
        schema_from_json({"kind": "spans"})
    with raises("BadSchema", "bilou"):
        Spans(("a",), scheme="bilou")  # type: ignore[arg-type]
    with raises("BadTarget"):
        BIO.decode([5])


def test_the_types_are_found_in_labels() -> None:
    assert Spans.found_in([["O", "B-b", "I-b"], None, ["B-a"]]) == Spans(("a", "b"))
    assert Spans.found_in([["O", "I-b"], ["I-a"]]) == Spans(("a", "b"), "io")
    assert Spans.found_in([[[0, 1, "b"]], []]) == Spans(("b",))
    with raises("NoClasses"):
        Spans.found_in([["O"], []])


def test_an_answer_of_spans_is_what_the_journal_reads_back() -> None:
    answer = Answer.label("x", ((0, 2, "person"),))
    assert answer.value == [[0, 2, "person"]]
    assert Answer.from_json(json.loads(json.dumps(answer.to_json()))) == answer
    assert Answer.label("x", ("a", "b")).value == ("a", "b"), "several classes stay as they were told"
