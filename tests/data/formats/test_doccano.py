"""doccano: hand-made lines of each kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from querist.core.errors import DataError
from querist.data.formats.doccano import read, write
from querist.data.formats.exported import About, Exported
from querist.data.formats.reading import Reading
from querist.data.record import Record


def put(tmp_path: Path, *rows: Any) -> Path:
    path = tmp_path / "d.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "line, value",
    [
        ({"label": ["A"]}, "A"),
        ({"label": ["A", "B"]}, ["A", "B"]),
        ({"label": [[2, 3, "X"]]}, [[2, 3, "X"]]),
        ({"labels": [[0, 1, "X"]]}, [[0, 1, "X"]]),
        ({"entities": [{"id": 1, "label": "X", "start_offset": 2, "end_offset": 3}], "relations": []}, [[2, 3, "X"]]),
        ({"label": []}, None),
        ({}, None),
    ],
)
def test_lines_of_each_kind(line: dict[str, Any], value: Any, tmp_path: Path) -> None:
    (record,) = read(put(tmp_path, {"id": 4, "text": "a𝄞b", "site": "web", **line}), Reading())
    assert (record.id, record.text, record.extra["site"]) == ("4", "a𝄞b", "web")
    assert list(record.labels) == ([] if value is None else [{"kind": "label", "value": value}])


def test_the_task_says_what_one_class_is(tmp_path: Path) -> None:
    path = put(tmp_path, {"text": "a", "label": ["A"]})
    assert next(read(path, Reading(task="multi"))).labels[0]["value"] == ["A"]


def test_what_is_written_and_what_is_told_as_lost(tmp_path: Path) -> None:
    items = [
        Exported(Record("i", "ab", extra={"site": "web"}), [{"kind": "label", "value": [[0, 1, "X"]]}], "labelled"),
        Exported(Record("j", "c"), [{"kind": "label", "value": 3.5, "note": "n"}], "labelled", True),
        Exported(Record("k", "d"), [{"kind": "skip"}], "skipped"),
    ]
    lost = write(items, tmp_path / "o.jsonl", About())
    rows = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert [(r["id"], r["label"]) for r in rows] == [("i", [[0, 1, "X"]]), ("j", []), ("k", [])]
    assert rows[0]["site"] == "web"
    assert [(x.what, x.items) for x in lost] == [("number", 1), ("note", 1), ("flag", 1), ("skip", 1)]


def test_what_was_changed_in_doccano_counts(tmp_path: Path) -> None:
    write([Exported(Record("i", "ab"), [{"kind": "label", "value": "A"}], "labelled")], tmp_path / "o.jsonl", About())
    row = json.loads((tmp_path / "o.jsonl").read_text())
    row["label"] = ["B"]
    (record,) = read(put(tmp_path, row), Reading())
    assert (record.id, list(record.labels)) == ("i", [{"kind": "label", "value": "B"}])


@pytest.mark.parametrize(
    "line, words",
    [
        ({"text": "a", "label": [[0, 9, "X"]]}, "outside"),
        ({"text": "a", "label": 5}, "a list of classes"),
        ({"text": "a", "label": [5]}, "a list of classes"),
        ({"label": ["A"]}, "no text 'data'"),
        ({"text": 5}, "must be text"),
    ],
)
def test_faults_have_their_line(line: dict[str, Any], words: str, tmp_path: Path) -> None:
    path = put(tmp_path, {"text": "good"}, line)
    with pytest.raises(DataError, match="line 2") as caught:
        list(read(path, Reading()))
    assert words in str(caught.value)
    assert len(list(read(path, Reading(bad=lambda n, _: None)))) == 1
