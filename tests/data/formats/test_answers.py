"""Plain values as answers, and which answers count."""

from __future__ import annotations

from typing import Any

import pytest

from querist.data.formats.answers import answer_of, carried, carry, cell_value, current, is_spans, latest, marked, told
from querist.data.formats.exported import Exported
from querist.data.formats.reading import Reading
from querist.data.record import Record


@pytest.mark.parametrize(
    "value, task, answer",
    [
        ("cat", None, "cat"),
        (3, None, "3"),
        (3.0, "single", "3"),
        (True, None, "True"),
        ("3", "number", 3.0),
        (2, "number", 2.0),
        ("cat", "multi", ["cat"]),
        (["a", 1], None, ["a", "1"]),
        (["a"], "single", "a"),
        ([[0, 1, "X"]], None, [[0, 1, "X"]]),
        ([(0, 1, "X")], "spans", [[0, 1, "X"]]),
        ([], "spans", []),
    ],
)
def test_values_become_labels(value: Any, task: Any, answer: Any) -> None:
    assert answer_of(value, Reading(task=task)) == {"kind": "label", "value": answer}


@pytest.mark.parametrize("value", [None, "", "  ", float("nan")])
def test_missing_values_are_no_answer(value: Any) -> None:
    assert answer_of(value, Reading()) is None


def test_shares_are_a_soft_label() -> None:
    assert answer_of({"a": 1, "b": 0.5}, Reading()) == {"kind": "distribution", "value": {"a": 1, "b": 0.5}}


@pytest.mark.parametrize(
    "value, task",
    [
        ({"a": "x"}, None),
        ({}, None),
        ({"a": True}, None),
        ("five", "number"),
        (float("inf"), "number"),
        (True, "number"),
        ([1], "number"),
        ("PER", "spans"),
        ([[0, "1", "X"]], "spans"),
        (["a", "b"], "single"),
        ([None], None),
        ([["a"]], None),
    ],
)
def test_what_is_no_answer_is_named(value: Any, task: Any) -> None:
    with pytest.raises(ValueError, match="needed"):
        answer_of(value, Reading(task=task))


def test_cells() -> None:
    assert cell_value('["a"]', Reading()) == ["a"]
    assert cell_value("[a", Reading()) == "[a"
    assert cell_value(" a | b ", Reading(task="multi")) == ["a", "b"]
    assert cell_value("a;b", Reading(task="multi", separator=";")) == ["a", "b"]
    assert cell_value("1.5", Reading(task="number")) == 1.5
    assert cell_value("1.5", Reading()) == "1.5"
    assert is_spans([[0, 1, "X"]])
    assert not is_spans([])
    assert not is_spans([[True, 1, "X"]])


def test_the_last_answer_of_each_person_counts() -> None:
    answers: list[dict[str, Any]] = [
        {"kind": "label", "value": "a", "annotator": "x"},
        {"kind": "label", "value": "b", "annotator": "y"},
        {"kind": "skip", "annotator": "x"},
        {"kind": "label", "value": "c", "annotator": "y", "counted": False},
    ]
    assert told(answers) == [answers[1], answers[2]]
    assert latest(answers) == answers[2]
    assert current(answers) == "b"
    assert (told([]), latest([]), current([])) == ([], None, None)


def test_what_is_carried_is_checked() -> None:
    item = Exported(Record("i", "x", fields={}, extra={"k": 1}), [{"kind": "skip"}], "skipped", True, "odd")
    kept = carry(item)
    assert kept == {
        "v": 1,
        "fields": {},
        "answers": [{"kind": "skip"}],
        "flag": True,
        "flag_note": "odd",
        "extra": {"k": 1},
    }
    assert carried(kept) == kept
    assert marked(item) == {**kept, "id": "i", "absent": ["file"]}
    assert carry(Exported(Record("i", "x"))) == carried(None) == carried("") == {}
    for other in ("text", {"v": 2}, [1], 5):
        assert carried(other) is None, "of another program"
    for damaged in ({"v": 1, "flag": "yes"}, {"v": 1, "answers": [5]}, {"v": 1, "answers": [{"kind": "eval"}]}):
        with pytest.raises(ValueError, match="damaged"):
            carried(damaged)
