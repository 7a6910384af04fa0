"""Tasks by the look of labels."""

from __future__ import annotations

from typing import Any

import pytest

from querist.server.guess_task import guess_task

CASES: list[tuple[list[Any], str, tuple[str, ...], tuple[str, ...]]] = [
    (["a", "b", None, "a", " "], "single", ("a", "b"), ()),
    ([0, 1, 1, 0], "single", ("0", "1"), ()),
    ([True, False], "single", ("False", "True"), ()),
    ([1, 2, 3, 10], "single", ("1", "2", "3", "10"), ("task",)),
    (list(range(30)), "number", (), ()),
    ([0.5, 1, 2], "number", (), ()),
    ([["a"], ["a", "b"], []], "multi", ("a", "b"), ()),
    ([[[0, 2, "PER"]], [], [[1, 2, "ORG"]]], "spans", ("ORG", "PER"), ()),
    ([{"a": 0.5, "b": 0.5}, {"c": 1}], "single", ("a", "b", "c"), ()),
    (["only", "only"], "single", ("only",), ("classes",)),
    (
        [f"text number {k}" for k in range(60)],
        "single",
        tuple(sorted(f"text number {k}" for k in range(60))),
        ("label",),
    ),
    (["Cat", "cat"], "single", ("Cat", "cat"), ("classes",)),
]


@pytest.mark.parametrize("values, task, classes, asked", CASES)
def test_labels_show_the_task(values: list[Any], task: str, classes: tuple[str, ...], asked: tuple[str, ...]) -> None:
    found = guess_task(values, None, cells=False)
    assert (found.task, found.classes) == (task, classes)
    assert tuple(u[0] for u in found.unknown) == asked


@pytest.mark.parametrize(
    "cells, task, separator, classes",
    [
        (["a;b", "b", "a", "a;b", "b;c", "c;a"], "multi", ";", ("a", "b", "c")),
        (["a, b", "b, a", "a", "b", "c, b", "c"], "multi", ",", ("a", "b", "c")),
        (
            ["Paris, France", "Rome, Italy", "Oslo, Norway"],
            "single",
            None,
            ("Oslo, Norway", "Paris, France", "Rome, Italy"),
        ),
        (['["a","b"]', '["a"]'], "multi", None, ("a", "b")),
        (['[[0,1,"X"]]', "[]"], "spans", None, ("X",)),
        (["1.5", "2"], "number", None, ()),
        (["1", "0", ""], "single", None, ("0", "1")),
    ],
)
def test_cells_show_the_task(cells: list[str], task: str, separator: str | None, classes: tuple[str, ...]) -> None:
    found = guess_task(cells, None, cells=True)
    assert (found.task, found.separator, found.classes) == (task, separator, classes)


def test_nothing_labelled_is_asked_about() -> None:
    assert [u[0] for u in guess_task([None, ""], None, cells=True).unknown] == ["task", "classes"]
    assert [u[0] for u in guess_task([], "single", cells=True).unknown] == ["classes"]
    assert guess_task([], "number", cells=True).unknown == ()


def test_a_told_task_that_does_not_fit_is_asked_about() -> None:
    found = guess_task(["4", "five"], "number", cells=True)
    assert (found.task, found.low, found.high) == ("number", 4.0, 4.0)
    assert "'five' is no number" in found.unknown[0][1]
