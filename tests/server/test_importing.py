"""Files read for a project: what of them it can take, and the same said beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from querist.core.errors import DataError
from querist.server.bring import Target
from querist.server.importing import LeftOut, check_file, read_file
from querist.server.project import Project
from serving import make


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(make(tmp_path / "p", 6, settings={"validation": 0.0})) as project:
        yield project


def test_a_file_is_looked_at_and_then_read(project: Project, tmp_path: Path) -> None:
    more = tmp_path / "more.csv"
    more.write_text("id,text,label\ni0,known already,cat\nz1,new and not known yet,dog\n")
    target = Target.of(project)
    checked = check_file(target, project.items, more, "more.csv")
    assert (checked.items, checked.known, checked.answers, checked.rows.count) == (1, 1, 2, 0)
    assert len(project.items) == 6, "looked at only"
    kept: list[list[dict[str, object]]] = []
    read = read_file(target, project.items, more, "more.csv", kept.append)
    assert (read.gathered.items, read.gathered.known, len(project.items)) == (1, 1, 7)
    assert [(a["item"], a["value"]) for piece in kept for a in piece] == [("i0", "cat"), ("z1", "dog")]


def test_what_comes_in_must_be_of_the_kind(project: Project, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("x,y\n1,2\n3,4\n")
    with pytest.raises(DataError, match=r"shown\.csv.*table") as caught:
        read_file(Target.of(project), project.items, table, "shown.csv", lambda piece: None)
    assert caught.value.code == "OtherKind"
    assert len(project.items) == 6


def test_places_count_what_could_not_be_read_too() -> None:
    rows = LeftOut(Path("tasks.parquet"))
    rows.line(3, "why " * 200)
    rows.record(3, "no class")
    assert [at for at, _ in rows.told] == ["row 3", "record 4"]
    assert len(rows.told[0][1]) <= 300
    fresh = LeftOut(Path("tasks.parquet"))
    assert fresh.shown() == {"left_out": 0, "rows": []}
    fresh.record(3, "no class")
    assert fresh.told == [("record 3", "no class")]
