from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from querist.data.formats.exported import Exported
from querist.server.desk import Post
from querist.server.exchange import exported, write_export
from querist.server.project import Project
from querist.server.task import Task
from querist.storage.connection import reader
from serving import make

TASK = Task("single", ("cat", "dog"))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(make(tmp_path / "p", 6, settings={"validation": 0.0})) as project:
        yield project


def tell(project: Project, item: str, value: str | None, kind: str = "label", **more: object) -> None:
    handed = project.writer.do(lambda work: project.desk.pick(work, "me", item))
    post = Post(str(uuid.uuid4()), handed.query, handed.fence, item, kind, value, **more)  # type: ignore[arg-type]
    project.writer.do(lambda work: project.desk.answer(work, "me", post))


def out(project: Project, *, everything: bool = False) -> dict[str, Exported]:
    with reader(project.folder / "journal.db") as connection:
        return {one.record.id or "": one for one in exported(connection, project, everything=everything)}


def test_nothing_that_was_said_is_left_out(project: Project) -> None:
    tell(project, "i1", "cat", note="sure", seconds=2.5, rationale={"words": [[0, 4]]})
    tell(project, "i1", "dog")
    tell(project, "i3", None, "skip")
    project.writer.do(lambda work: project.desk.flag(work, "me", "i3", True, "look"))
    found = out(project)
    assert list(found) == ["i1", "i3"]
    first, second = found["i1"].answers
    assert (first["value"], first["note"], first["seconds"], first["rationale"]) == (
        "cat",
        "sure",
        2.5,
        {"words": [[0, 4]]},
    )
    assert second["value"] == "dog"
    assert found["i1"].state == "labelled"
    assert (found["i3"].state, found["i3"].flag, found["i3"].flag_note) == ("skipped", True, "look")
    assert list(out(project, everything=True)) == [f"i{k}" for k in range(6)]


def test_what_was_taken_back_is_history(project: Project) -> None:
    tell(project, "i1", "cat")
    handed = project.writer.do(lambda work: project.desk.undo(work, "me"))
    (answer,) = out(project)["i1"].answers
    assert (answer["value"], answer["counted"]) == ("cat", False)
    late = Post(str(uuid.uuid4()), "q0", 0, "i1", "label", "dog")
    project.writer.do(lambda work: project.desk.answer(work, "me", late))
    answers = out(project)["i1"].answers
    assert [(a["value"], a["counted"]) for a in answers] == [("cat", False), ("dog", False)]
    assert handed.item == "i1"


def test_names_of_classes_are_those_of_today(project: Project) -> None:
    tell(project, "i1", "cat")
    project.writer.do(lambda work: project.changes.rename_class(work, "me", "cat", "lion"))
    assert out(project)["i1"].answers[0]["value"] == "lion"


def test_the_file_is_named_after_the_project(project: Project, tmp_path: Path) -> None:
    tell(project, "i1", "cat")
    project.name = "../my data (é).csv"
    with reader(project.folder / "journal.db") as connection:
        names = [
            write_export(connection, project, TASK, format, tmp_path / format, everything=False)[0]
            for format in ("csv", "label-studio", "prodigy")
        ]
    assert names == ["my_data.csv", "my_data-label-studio.json", "my_data-prodigy.jsonl"]
