"""`querist export`: labels out of a project in every format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from querist.data.formats import SUFFIXES, read_records
from querist.data.record import Record
from querist.server.bring import bring
from querist.server.desk import Post
from querist.server.project import Project
from querist.server.task import Task

from .conftest import Run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    task = Task("single", ("cat", "dog"))
    records = [Record(f"i{k}", f"text {k}", extra={"site": "web"}) for k in range(3)]
    labelled = [
        Record("i0", "text 0", labels=[{"kind": "label", "value": "cat", "annotator": "ann", "note": "=sure"}]),
        Record("i1", "text 1", labels=[{"kind": "distribution", "value": {"cat": 0.5, "dog": 0.5}}], flag=True),
    ]
    with Project.make(tmp_path / "p", records, task=task, modality="text", name="films.csv") as project:
        bring(project, labelled, "labels")
    return tmp_path / "p"


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet", "label-studio", "prodigy", "doccano"])
def test_every_format_holds_the_labels(format: str, folder: Path, cli: Run, tmp_path: Path) -> None:
    out = tmp_path / f"out{SUFFIXES[format]}"
    done = cli("export", folder, "--format", format, "--out", out, "--all")
    assert (done.code, done.out.strip()) == (0, f"{out}: 3 items as {format}")
    first, second, third = read_records(format, out)
    (answer,) = first.labels
    assert (answer["kind"], answer["value"], answer["annotator"], answer["note"]) == ("label", "cat", "ann", "=sure")
    assert str(answer["at"]).startswith("20")
    assert second.labels[0]["value"] == {"cat": 0.5, "dog": 0.5}
    assert (second.flag, third.labels, third.extra) == (True, [], {"site": "web"})
    assert ("not in this format: soft label of 1 item" in done.err) == (format not in ("csv", "jsonl", "parquet"))


def test_only_answered_items_by_default_and_json(folder: Path, cli: Run, tmp_path: Path) -> None:
    done = cli("export", folder, "--out", tmp_path / "x.json", "--json")
    told = json.loads(done.out)
    assert (done.code, told["format"], told["items"]) == (0, "label-studio", 2)
    assert {"what": "flag", "items": 1} in [{k: x[k] for k in ("what", "items")} for x in told["lost"]]


def test_a_file_that_is_there_stays(folder: Path, cli: Run, tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    out.write_text("mine")
    done = cli("export", folder, "--out", out)
    assert (done.code, out.read_text()) == (5, "mine")
    assert "--force" in done.err
    assert cli("export", folder, "--out", out, "--force").code == 0
    assert out.read_text().startswith("id,text,site,label")


def test_it_works_while_the_page_is_open(folder: Path, cli: Run, tmp_path: Path) -> None:
    with Project.open(folder):
        assert cli("export", folder, "--out", tmp_path / "x.csv").code == 0


def test_history_is_written_on_request(folder: Path, cli: Run, tmp_path: Path) -> None:
    with Project.open(folder) as project:
        desk, do = project.desk, project.writer.do
        handed = do(lambda work: desk.pick(work, "bob", "i2"))
        do(lambda work: desk.answer(work, "bob", Post("k1", handed.query, handed.fence, "i2", "label", "cat")))
        again = do(lambda work: desk.undo(work, "bob"))
        do(lambda work: desk.answer(work, "bob", Post("k2", again.query, again.fence, "i2", "label", "dog")))
    values = []
    for flags in ((), ("--history",)):
        out = tmp_path / f"h{len(flags)}.jsonl"
        assert cli("export", folder, "--out", out, *flags).code == 0
        (found,) = (r for r in read_records("jsonl", out) if r.id == "i2")
        values.append([(a["value"], a.get("counted", True)) for a in found.labels])
    assert values == [[("dog", True)], [("cat", False), ("dog", True)]]


def test_images_by_class(cli: Run, tmp_path: Path) -> None:
    root = tmp_path / "photos"
    root.mkdir()
    for name in ("a.png", "b.png"):
        Image.new("RGB", (2, 2)).save(root / name)
    records = [
        Record(n, None, n, labels=[{"kind": "label", "value": c}]) for n, c in (("a.png", "cat"), ("b.png", "dog"))
    ]
    task = Task("single", ("cat", "dog"))
    Project.make(tmp_path / "p", records, task=task, modality="image", name="photos", root=root).close()
    done = cli("export", tmp_path / "p", "--format", "images", "--out", tmp_path / "by")
    assert done.code == 0, done.err
    assert sorted(p.relative_to(tmp_path / "by").as_posix() for p in (tmp_path / "by").rglob("*.png")) == [
        "cat/a.png",
        "dog/b.png",
    ]


@pytest.mark.parametrize(
    "arguments, code, words",
    [
        (["--out", "x.xyz"], 2, "says no format"),
        (["--out", "x.csv", "--format", "labelstudio"], 2, "'label-studio'"),
        (["--out", "no/where/x.csv"], 5, "cannot write"),
    ],
)
def test_faults_are_named(arguments: list[str], code: int, words: str, folder: Path, cli: Run, tmp_path: Path) -> None:
    done = cli("export", folder, *(str(tmp_path / a) if "x." in a else a for a in arguments))
    assert done.code == code, done.err
    assert words in done.err
    assert not list(tmp_path.glob("x*"))
    assert cli("export", tmp_path / "none", "--out", tmp_path / "x.csv").code == 4
