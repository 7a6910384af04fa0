from __future__ import annotations

from pathlib import Path

from querist.server.project import Project
from querist.server.showing import content, listed_row, no_item, set_aside
from serving import make


def test_a_path_never_goes_out() -> None:
    shown = content("a/ü?.png", "text", "/secret/place.png", {"n": 1})
    assert shown["image"] == "/api/v1/items/a%2F%C3%BC%3F.png/image"
    assert "secret" not in str(shown)
    assert content("a", "text", None, None)["image"] is None


def test_a_row_carries_no_more_than_is_shown() -> None:
    row = {"row": 3, "id": "a", "text": "t", "file": None, "fields": None, "state": "labelled", "value": "cat", "by": "me",
           "at": 1.0, "guess": None, "flag": False}  # fmt: skip
    assert set(listed_row(row)) == {
        "id",
        "text",
        "image",
        "width",
        "height",
        "fields",
        "state",
        "value",
        "by",
        "at",
        "guess",
        "flag",
    }
    assert no_item().status_code == 404


def test_what_is_set_aside_is_nobodys_answer(tmp_path: Path) -> None:
    with Project.open(make(tmp_path / "p", 3)) as project:
        desk = project.desk
        (handed,) = project.writer.do(lambda work: desk.take(work, "me", 1))
        project.writer.do(lambda work: set_aside(desk, work, "me", {handed.query: (handed.item, "not an image")}))
        rows = project.writer.do(
            lambda work: work.connection.execute("SELECT annotator, kind, provenance, query FROM answer").fetchall()
        )
        assert rows == [("querist", "reject", "program", None)]
        left = project.writer.do(lambda work: desk.take(work, "me", 3))
        assert handed.item not in {one.item for one in left}
        assert len(left) == 2
