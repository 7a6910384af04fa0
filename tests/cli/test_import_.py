"""`querist import`: files into a project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from querist.data.record import Record
from querist.server.project import Project
from querist.server.task import Task

from .conftest import Run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    task = Task("single", ("cat", "dog"))
    records = [Record(f"i{k}", f"text {k}") for k in range(3)]
    Project.make(tmp_path / "p", records, task=task, modality="text", name="films.csv").close()
    return tmp_path / "p"


def put(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_labels_made_elsewhere_come_in(folder: Path, cli: Run, tmp_path: Path) -> None:
    path = put(tmp_path, "more.csv", "id,text,label\ni0,text 0,cat\nnew,text 9,dog\n")
    done = cli("import", folder, path, "--annotator", "bob")
    assert (done.code, done.out) == (0, "1 new items, 1 known ones, 2 answers, 0 flags\n"), done.err
    again = cli("import", folder, path, "--annotator", "bob", "--json")
    told = json.loads(again.out)
    assert (told["items"], told["answers"], told["repeated"]) == (0, 0, 2)
    out = tmp_path / "o.jsonl"
    assert cli("export", folder, "--out", out).code == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(r["id"], r["label"], r["answers"][0]["annotator"]) for r in rows] == [
        ("i0", "cat", "bob"),
        ("new", "dog", "bob"),
    ]


@pytest.mark.parametrize("format, name", [("csv", "o.csv"), ("label-studio", "o.json"), ("prodigy", "p.jsonl")])
def test_what_was_exported_comes_in_elsewhere(format: str, name: str, folder: Path, cli: Run, tmp_path: Path) -> None:
    cli("import", folder, put(tmp_path, "l.csv", "id,text,label\ni0,text 0,cat\ni2,text 2,dog\n"))
    assert cli("export", folder, "--format", format, "--out", tmp_path / name, "--all").code == 0
    task = Task("single", ("cat", "dog"))
    Project.make(tmp_path / "q", [Record("z", "z")], task=task, modality="text", name="q").close()
    done = cli("import", tmp_path / "q", tmp_path / name)
    assert (done.code, done.out) == (0, "3 new items, 0 known ones, 2 answers, 0 flags\n"), done.err


def test_new_classes_have_to_be_wanted(folder: Path, cli: Run, tmp_path: Path) -> None:
    path = put(
        tmp_path,
        "x.jsonl",
        '{"id": "i0", "text": "text 0", "label": "owl"}\n{"id": "b", "text": "b", "label": "cat"}\n',
    )
    done = cli("import", folder, path)
    assert done.code == 2
    assert "'owl'" in done.err
    assert "--new-classes" in done.err
    done = cli("import", folder, path, "--new-classes")
    assert (done.code, "new classes: owl" in done.err) == (0, True)


def test_bad_rows(folder: Path, cli: Run, tmp_path: Path) -> None:
    path = put(tmp_path, "x.csv", "id,text,label\na,b,cat,d\nn,text,dog\n")
    done = cli("import", folder, path)
    assert (done.code, "line 2: 4 fields" in done.err, "--skip-bad" in done.err) == (3, True, True)
    done = cli("import", folder, path, "--skip-bad", "--new-classes")
    assert (done.code, "1 rows cannot be read" in done.err) == (0, True), done.err


def test_a_project_that_is_open_elsewhere_is_left_alone(folder: Path, cli: Run, tmp_path: Path) -> None:
    path = put(tmp_path, "x.csv", "id,text\nn,text\n")
    with Project.open(folder):
        done = cli("import", folder, path)
    assert done.code == 4
    assert "Locked" in done.err
    assert "since" in done.err


@pytest.mark.parametrize(
    "name, content, code",
    [
        ("t.csv", "a,b\n1,2\n3,4\n", 3),
        ("none.csv", None, 3),
        ("x.pkl", "x", 3),
        ("x.csv", "id,text,label\ni0,a,5\n", 2),
    ],
)
def test_faults_are_named(name: str, content: str | None, code: int, folder: Path, cli: Run, tmp_path: Path) -> None:
    path = tmp_path / name if content is None else put(tmp_path, name, content)
    done = cli("import", folder, path)
    assert done.code == code, done.err
    assert name in done.err
    assert "Traceback" not in done.err


def test_pictures_at_an_address_are_left_out_when_wanted(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    task = Task("single", ("cat", "dog"))
    records = [Record("a.png", None, "a.png")]
    Project.make(tmp_path / "q", records, task=task, modality="image", name="photos", root=tmp_path / "photos").close()
    path = put(
        tmp_path, "photos/x.jsonl", '{"id": "n", "image": "http://10.0.0.1/b.png"}\n{"id": "c", "image": "c.png"}\n'
    )
    done = cli("import", tmp_path / "q", path)
    assert (done.code, "[AddressNotAllowed]" in done.err, "10.0.0.1" in done.err) == (3, True, False), done.err
    done = cli("import", tmp_path / "q", path, "--skip-bad")
    assert (done.code, done.out) == (0, "1 new items, 0 known ones, 0 answers, 0 flags\n"), done.err
    assert "1 rows cannot be read" in done.err
