"""What is an answer to the task, and what is not: each code with its words."""

from __future__ import annotations

from typing import Any

import pytest

from querist.core.errors import ArgumentError, DataError, QueristError
from querist.server.task import TASKS, Task

SINGLE, MULTI = Task("single", ("cat", "dog")), Task("multi", ("cat", "dog"))
NUMBER, SPANS = Task("number", low=1, high=5, step=0.5), Task("spans", ("person", "place"))
TEXT = "Ann \N{GRINNING FACE} Rome"  # 10 code points


@pytest.mark.parametrize("task", [SINGLE, MULTI, NUMBER, SPANS, Task("number")])
def test_it_goes_to_json_and_back(task: Task) -> None:
    assert Task.from_json(task.to_json()) == task
    assert task.to_json()["kind"] in TASKS


@pytest.mark.parametrize(
    ("task", "kind", "value"),
    [
        (SINGLE, "label", "cat"),
        (SINGLE, "distribution", {"cat": 0.25, "dog": 0.75}),
        (SINGLE, "skip", None),
        (SPANS, "reject", None),
        (MULTI, "label", []),
        (MULTI, "label", ["dog", "cat"]),
        (MULTI, "distribution", {"cat": 1.0, "dog": 0.5}),
        (NUMBER, "label", 1),
        (NUMBER, "label", 4.5),
        (Task("number"), "label", -1e9),
        (SPANS, "label", []),
        (SPANS, "label", [[0, 3, "person"], [6, 10, "place"]]),
        (SPANS, "label", [[0, 3, "person"], [3, 4, "person"]]),
    ],
)
def test_answers(task: Task, kind: str, value: Any) -> None:
    task.check(kind, value, "i7", TEXT)


@pytest.mark.parametrize(
    ("task", "kind", "value", "code", "words"),
    [
        (SINGLE, "label", "horse", "UnknownLabel", ["'horse'", "cat, dog"]),
        (SINGLE, "label", "dogg", "UnknownLabel", ["'dogg'", "did you mean 'dog'"]),
        (SINGLE, "label", None, "BadLabel", ["no label"]),
        (SINGLE, "label", ["cat"], "UnknownLabel", []),
        (SINGLE, "label", 5, "UnknownLabel", ["5"]),
        (SINGLE, "label", {"cat": 1.0}, "UnknownLabel", []),
        (SINGLE, "distribution", "cat", "BadLabel", ["shares"]),
        (SINGLE, "distribution", None, "BadLabel", ["shares"]),
        (SINGLE, "distribution", {}, "BadLabel", ["all shares are 0"]),
        (SINGLE, "distribution", {"cat": 0.0}, "BadLabel", ["all shares are 0"]),
        (SINGLE, "distribution", {"cat": -1}, "BadLabel", ["0 or more"]),
        (SINGLE, "distribution", {"cat": float("nan")}, "BadLabel", ["0 or more"]),
        (SINGLE, "distribution", {"cat": "1"}, "BadLabel", ["'cat'"]),
        (SINGLE, "distribution", {"cta": 1}, "UnknownLabel", ["'cat'"]),
        (MULTI, "label", "cat", "BadLabel", ["list of class names"]),
        (MULTI, "label", None, "BadLabel", ["list of class names"]),
        (MULTI, "label", ["cat", "x"], "UnknownLabel", ["'x'"]),
        (MULTI, "distribution", {"cat": 1.5}, "BadLabel", ["0 to 1"]),
        (NUMBER, "label", 5.5, "BadLabel", ["5.5", "1.0 to 5.0"]),
        (NUMBER, "label", float("nan"), "BadLabel", ["nan"]),
        (NUMBER, "label", True, "BadLabel", ["True"]),
        (NUMBER, "label", "3", "BadLabel", ["the text '3'"]),
        (NUMBER, "label", None, "BadLabel", ["number"]),
        (NUMBER, "label", 10**400, "BadLabel", ["number"]),
        (NUMBER, "distribution", {"1": 1.0}, "BadKind", ["need classes", "number"]),
        (SPANS, "distribution", {"person": 1.0}, "BadKind", ["need classes", "spans"]),
        (SPANS, "label", None, "BadSpan", ["[start, end, class]"]),
        (SPANS, "label", [[0, 3]], "BadSpan", ["[start, end, class]", "[0, 3]"]),
        (SPANS, "label", [[0, 3.0, "person"]], "BadSpan", ["whole numbers"]),
        (SPANS, "label", [[True, 3, "person"]], "BadSpan", ["whole numbers"]),
        (SPANS, "label", [[0, 3, 5]], "BadSpan", ["[0, 3, 5]"]),
        (SPANS, "label", [[3, 0, "person"]], "BadSpan", ["3 to 0", "start must be below end"]),
        (SPANS, "label", [[2, 2, "person"]], "BadSpan", ["2 to 2"]),
        (SPANS, "label", [[-1, 2, "person"]], "BadSpan", ["-1 to 2"]),
        (SPANS, "label", [[6, 11, "place"]], "BadSpan", ["6 to 11", "10 characters (code points)"]),
        (SPANS, "label", [[0, 4, "person"], [3, 5, "place"]], "BadSpan", ["begins before 4"]),
        (SPANS, "label", [[6, 10, "place"], [0, 3, "person"]], "BadSpan", ["in order"]),
        (SPANS, "label", [[0, 3, "persn"]], "UnknownLabel", ["did you mean 'person'"]),
        (SPANS, "label", [[0, 3, "zzzz"]], "UnknownLabel", ["allowed are person, place"]),
        (SINGLE, "skip", "cat", "BadLabel", ["skip takes no value"]),
        (SINGLE, "reject", 0, "BadLabel", ["reject takes no value"]),
        (SINGLE, "verification", True, "BadKind", ["'verification'", "label, distribution, skip or reject"]),
        (SINGLE, "", None, "BadKind", ["label, distribution"]),
    ],
)
def test_what_is_no_answer(task: Task, kind: str, value: Any, code: str, words: list[str]) -> None:
    with pytest.raises(QueristError) as caught:
        task.check(kind, value, "i7", TEXT)
    assert caught.value.code == code, str(caught.value)
    assert all(word in str(caught.value) for word in [*words, "'i7'"]), str(caught.value)


def test_messages_stay_short() -> None:
    with pytest.raises(QueristError) as caught:
        SINGLE.check("label", "x" * 10_000, "i7", None)
    assert len(str(caught.value)) < 400


def test_spans_of_an_item_without_text() -> None:
    SPANS.check("label", [], "i7", None)
    with pytest.raises(DataError, match="0 characters"):
        SPANS.check("label", [[0, 1, "person"]], "i7", None)


def test_the_schema_is_made_once() -> None:
    task = Task("single", tuple(f"class {k}" for k in range(2000)))
    assert task.schema is task.schema
    assert task.with_classes(["a", "b"]).schema.encode("b") == 1


def test_tasks_that_are_none() -> None:
    with pytest.raises(ArgumentError, match="single, multi, number, spans; got 'ranking'") as caught:
        Task("ranking")
    assert caught.value.code == "BadTask"
    for kind in ("single", "multi", "spans"):
        with pytest.raises(DataError) as none:
            Task(kind)
        assert none.value.code == "NoClasses"
    with pytest.raises(ArgumentError) as limits:
        Task("number", low=5, high=1)
    assert limits.value.code == "BadSchema"
    with pytest.raises(DataError) as same:
        SINGLE.with_classes(["cat", "CAT"])
    assert same.value.code == "AmbiguousClasses"
