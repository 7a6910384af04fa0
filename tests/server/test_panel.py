"""Figures of the panel, by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from querist.core.types import Event
from querist.data.record import Record
from querist.server.desk import Post
from querist.server.panel import Reports, class_counts, panel
from querist.server.project import Project
from querist.server.task import Task


@pytest.fixture
def clock() -> list[float]:
    return [1000.0]


@pytest.fixture
def project(tmp_path: Path, clock: list[float]) -> Iterator[Project]:
    records = [Record(id=f"i{k}", text=f"text {k}") for k in range(30)]
    with Project.make(
        tmp_path / "p",
        records,
        task=Task("single", ("cat", "dog")),
        modality="text",
        name="t",
        settings={"validation": 0.0, "control": 0.0},
        clock=lambda: clock[0],
    ) as made:
        yield made


def say(project: Project, clock: list[float], n: int, kind: str, value: Any, *, gap: float = 10.0) -> None:
    clock[0] += gap
    (handed,) = project.writer.do(lambda w: project.desk.take(w, "anna", 1))
    post = Post(f"k{n}", handed.query, handed.fence, handed.item, kind, value, seconds=3.0)
    project.writer.do(lambda w: project.desk.answer(w, "anna", post))


def read(project: Project) -> dict[str, Any]:
    return project.writer.do(lambda w: panel(w.connection, project.changes.task(w.connection).classes))


def report(number: int, labels: int, accuracy: float, **more: Any) -> dict[str, Any]:
    metrics = {
        "accuracy": accuracy,
        "accuracy_low": accuracy - 0.1,
        "accuracy_high": accuracy + 0.1,
        "validation": 30.0,
    }
    fitted = {"round": number, "labels": labels, "cost": 0.0, "model": None, "metrics": metrics, "agreement": None}
    return {**fitted, "surprise": None, "notes": [], "seconds": {}, **more}


def test_nothing_yet(project: Project) -> None:
    found = read(project)
    assert found["classes"] == [{"name": "cat", "count": 0}, {"name": "dog", "count": 0}]
    assert found["curve"] == found["agreement"] == found["notes"] == []
    assert found["saved"] is found["advice"] is None
    assert found["cost"] == {"answers": 0, "seconds": 0.0, "per_hour": None}


def test_counts_and_pace(project: Project, clock: list[float]) -> None:
    for n, (kind, value) in enumerate(
        [
            ("label", "cat"),
            ("label", "dog"),
            ("distribution", {"cat": 0.3, "dog": 0.7}),
            ("skip", None),
            ("label", "dog"),
        ]
    ):
        say(project, clock, n, kind, value)
    say(project, clock, 5, "label", "cat", gap=4000.0)  # a pause: it is not counted as work
    say(project, clock, 6, "label", "cat")
    found = read(project)
    assert {c["name"]: c["count"] for c in found["classes"]} == {"cat": 3, "dog": 3}
    assert found["cost"] == {"answers": 7, "seconds": 21.0, "per_hour": 360.0}


def test_several_classes_and_spans_count_each(project: Project) -> None:
    values = [["cat", "dog"], [[0, 2, "cat"], [3, 4, "cat"]], [], 1.5]
    answers = [{"item": f"i{k}", "kind": "label", "value": value} for k, value in enumerate(values)]
    project.writer.do(lambda w: w.append("main", [Event("told", {"query": None, "answers": answers})]))
    assert project.writer.do(lambda w: class_counts(w.connection)) == {"cat": 2, "dog": 1}


def test_reports_that_were_read_are_kept_and_the_newest_round_has_the_last_word(project: Project) -> None:
    kept = Reports()

    def look() -> dict[str, Any]:
        return project.writer.do(lambda w: panel(w.connection, [], kept))

    assert look()["curve"] == []
    for number, labels in ((0, 10), (1, 20)):
        project.promote(report(number, labels, 0.5, notes=[f"n{number}"]), [], {})
        assert look() == read(project) | {"classes": []}
    project.promote(report(1, 30, 0.5, notes=["again"]), [], {})
    assert [point["labels"] for point in look()["curve"]] == [10, 30]
    assert look()["notes"] == ["again"]


def test_a_look_counts_nothing(project: Project, clock: list[float]) -> None:
    """No step of a plan reads a table that grows with the items or answers from one end to the other."""
    say(project, clock, 0, "label", "cat")
    seen: list[str] = []

    def work(w: Any) -> list[str]:
        w.connection.set_trace_callback(seen.append)
        panel(w.connection, ["cat", "dog"])
        w.connection.set_trace_callback(None)
        texts = [text for text in seen if text.lstrip().startswith("SELECT")]
        return [step[3] for text in texts for step in w.connection.execute(f"EXPLAIN QUERY PLAN {text}")]

    steps = project.writer.do(work)
    assert len(steps) >= 5
    assert not any("SCAN" in step for step in steps), steps
    assert not any("SEARCH item" in step for step in steps), steps
    assert any("answer_asked" in step for step in steps), steps


def test_curve_agreement_and_the_last_words(project: Project) -> None:
    advice = {"stop": False, "rule": "r", "text": "Go on.", "history": [], "hour": "h"}
    project.promote(report(0, 10, 0.5), [], {})
    project.promote(report(1, 20, 0.7, agreement=0.8), [], {})
    project.promote(
        report(2, 20, 0.75, advice=advice, saved={"asked": 5, "random": 9, "text": "t"}, notes=["n"]), [], {}
    )
    found = read(project)
    assert [(p["labels"], p["accuracy"], p["n"]) for p in found["curve"]] == [(10, 0.5, 30), (20, 0.75, 30)]
    assert found["curve"][0]["low"] == pytest.approx(0.4)
    assert found["agreement"] == [{"labels": 20, "kappa": 0.8}]
    assert found["advice"] == advice
    assert found["saved"]["asked"] == 5
    assert found["notes"] == ["n"]


def test_a_long_curve_is_thinned_with_both_ends(project: Project) -> None:
    for n in range(260):
        project.promote(report(n, n + 1, 0.5), [], {})
    curve = read(project)["curve"]
    assert len(curve) == 200
    assert (curve[0]["labels"], curve[-1]["labels"]) == (1, 260)
