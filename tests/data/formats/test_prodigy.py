"""Prodigy: hand-made lines of each kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from querist.core.errors import DataError
from querist.data.formats.exported import About, Exported
from querist.data.formats.prodigy import read, write
from querist.data.formats.reading import Reading
from querist.data.record import Record


def put(tmp_path: Path, *rows: Any) -> Path:
    path = tmp_path / "p.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "line, answers",
    [
        ({"label": "A", "answer": "accept"}, [{"kind": "label", "value": "A"}]),
        ({"label": "A", "answer": "reject"}, [{"kind": "verification", "value": False}]),
        ({"answer": "reject"}, [{"kind": "reject"}]),
        ({"answer": "ignore", "label": "A"}, [{"kind": "skip"}]),
        (
            {"options": [{"id": "A"}, {"id": "B"}], "accept": ["B"], "answer": "accept"},
            [{"kind": "label", "value": "B"}],
        ),
        ({"accept": ["A", "B"], "answer": "accept"}, [{"kind": "label", "value": ["A", "B"]}]),
        (
            {"accept": ["A"], "config": {"choice_style": "multiple"}, "answer": "accept"},
            [{"kind": "label", "value": ["A"]}],
        ),
        (
            {"spans": [{"start": 1, "end": 2, "label": "X", "token_start": 0}], "answer": "accept"},
            [{"kind": "label", "value": [[1, 2, "X"]]}],
        ),
        ({"spans": [], "answer": "accept"}, [{"kind": "label", "value": []}]),
        ({"label": "A"}, []),
        (
            {"label": "A", "answer": "accept", "_annotator_id": "ann", "_timestamp": 1767225600},
            [{"kind": "label", "value": "A", "annotator": "ann", "at": "2026-01-01T00:00:00+00:00"}],
        ),
    ],
)
def test_lines_of_each_kind(line: dict[str, Any], answers: list[Any], tmp_path: Path) -> None:
    (record,) = read(put(tmp_path, {"text": "a𝄞b", "_input_hash": -5, "meta": {"s": 1}, **line}), Reading())
    assert list(record.labels) == answers
    assert record.extra["_input_hash"] == -5
    assert record.extra["meta"] == {"s": 1}
    if not answers or answers[0]["kind"] == "verification":
        assert record.suggestions[0]["value"] == "A"


def test_lines_of_one_item_are_one_record(tmp_path: Path) -> None:
    path = put(
        tmp_path,
        {"text": "a", "_input_hash": 1, "label": "A", "answer": "accept", "_annotator_id": "x"},
        {"text": "a", "_input_hash": 1, "label": "B", "answer": "accept", "_annotator_id": "y"},
        {"text": "a", "_input_hash": 2, "label": "C", "answer": "accept"},
        {"text": "a", "label": "D", "answer": "accept"},
        {"text": "a", "label": "E", "answer": "accept"},
    )
    assert [[a["value"] for a in r.labels] for r in read(path, Reading())] == [["A", "B"], ["C"], ["D"], ["E"]]


def test_what_is_written(tmp_path: Path) -> None:
    record = Record("i", "a𝄞b", extra={"_input_hash": 7})
    items = [
        Exported(record, [{"kind": "label", "value": [[2, 3, "X"]], "annotator": "ann"}], "labelled"),
        Exported(Record("j", "m"), [{"kind": "label", "value": ["B"]}, {"kind": "skip", "annotator": "x"}], "labelled"),
        Exported(Record("k", "n")),
        Exported(Record("l", "o"), [{"kind": "distribution", "value": {"A": 0.4, "B": 0.6}}], "labelled"),
    ]
    lost = write(items, tmp_path / "o.jsonl", About(task="multi", classes=("A", "B")))
    rows = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert rows[0]["spans"] == [{"start": 2, "end": 3, "label": "X"}]
    assert (rows[0]["answer"], rows[0]["_input_hash"], rows[0]["_annotator_id"]) == ("accept", 7, "ann")
    assert (rows[1]["accept"], [o["id"] for o in rows[1]["options"]]) == (["B"], ["A", "B"])
    assert (rows[2]["answer"], rows[2]["text"]) == ("ignore", "m")
    assert "answer" not in rows[3]
    assert rows[4]["label"] == "B"
    assert [(x.what, x.items) for x in lost] == [("soft label", 1)]


def test_what_was_changed_in_prodigy_counts(tmp_path: Path) -> None:
    item = Exported(Record("i", "x"), [{"kind": "label", "value": "A", "note": "n"}], "labelled", True)
    write([item], tmp_path / "o.jsonl", About())
    row = json.loads((tmp_path / "o.jsonl").read_text())
    row["label"] = "B"
    (record,) = read(put(tmp_path, row), Reading())
    assert list(record.labels) == [{"kind": "label", "value": "B"}]
    assert (record.id, record.flag) == ("i", True)


@pytest.mark.parametrize(
    "line, words",
    [
        ({"text": "a", "answer": "maybe"}, "accept, reject or ignore"),
        ({"text": "a", "answer": "accept"}, "no label, no spans"),
        ({"text": "a", "spans": [{"start": 0}], "answer": "accept"}, "start, end and label"),
        ({"text": "a", "spans": [{"start": 0, "end": 9, "label": "x"}], "answer": "accept"}, "outside"),
        ({"text": 5}, "must be text"),
        ({"image": "data:image/png;base64,AAAA"}, "packed"),
        ({"_input_hash": 1}, "no text and no image"),
    ],
)
def test_faults_have_their_line(line: dict[str, Any], words: str, tmp_path: Path) -> None:
    path = put(tmp_path, {"text": "good", "_input_hash": 9}, line, {"text": "good", "_input_hash": 8})
    with pytest.raises(DataError, match="line 2") as caught:
        list(read(path, Reading()))
    assert words in str(caught.value)
    bad: list[int] = []
    assert len(list(read(path, Reading(bad=lambda n, _: bad.append(n))))) == 2
    assert bad == [2]
