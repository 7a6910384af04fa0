"""Label Studio: hand-made tasks of each kind, places in code units, annotations changed there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from querist.core.errors import DataError
from querist.data.formats.exported import About, Exported, Lost
from querist.data.formats.label_studio import read, write
from querist.data.formats.reading import Reading
from querist.data.record import Record


def put(tmp_path: Path, value: Any) -> Path:
    path = tmp_path / "t.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def annotation(kind: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"result": [{"id": "x", "from_name": "l", "to_name": "t", "type": kind, "value": value}], **more}


@pytest.mark.parametrize(
    "given, answer",
    [
        (annotation("choices", {"choices": ["a"]}), {"kind": "label", "value": "a"}),
        (annotation("choices", {"choices": ["a", "b"]}), {"kind": "label", "value": ["a", "b"]}),
        (annotation("number", {"number": 3}), {"kind": "label", "value": 3.0}),
        (annotation("rating", {"rating": 4}), {"kind": "label", "value": 4.0}),
        (annotation("labels", {"start": 3, "end": 4, "labels": ["X"]}), {"kind": "label", "value": [[2, 3, "X"]]}),
        (
            annotation("labels", {"start": 2, "end": 3, "text": "b", "labels": ["X"]}),
            {"kind": "label", "value": [[2, 3, "X"]]},
        ),
        ({"result": [], "was_cancelled": True}, {"kind": "skip"}),
        ({"result": []}, {"kind": "label", "value": []}),
        (
            annotation("choices", {"choices": ["a"]}, completed_by=7, created_at="2026-01-01T00:00:00Z", lead_time=1.5),
            {"kind": "label", "value": "a", "annotator": "7", "at": "2026-01-01T00:00:00Z", "seconds": 1.5},
        ),
        (
            annotation("choices", {"choices": ["a"]}, completed_by={"email": "a@b.c", "id": 1}),
            {"kind": "label", "value": "a", "annotator": "a@b.c"},
        ),
    ],
)
def test_annotations_of_each_kind(given: dict[str, Any], answer: dict[str, Any], tmp_path: Path) -> None:
    """The text is a, a letter of two code units, b: code units 3 to 4 are code points 2 to 3."""
    path = put(tmp_path, [{"id": 5, "data": {"text": "a𝄞b", "site": "web"}, "annotations": [given]}])
    (record,) = read(path, Reading())
    assert (record.id, record.text, record.extra) == ("5", "a𝄞b", {"site": "web"})
    assert list(record.labels) == [answer]


def test_predictions_are_suggestions_and_unknown_results_are_kept(tmp_path: Path) -> None:
    box = {"type": "rectanglelabels", "value": {"x": 1}}
    task = {
        "data": {"image": "cats/1.png"},
        "annotations": [{"result": [box]}],
        "predictions": [annotation("choices", {"choices": ["a"]}, score=0.5, model_version="m1")],
    }
    (record,) = read(put(tmp_path, [task]), Reading())
    assert (record.text, record.file, record.labels) == (None, "cats/1.png", [])
    assert record.suggestions == [{"value": "a", "score": 0.5, "source": "m1"}]
    assert record.extra == {"label_studio_results": [box]}


def test_what_is_written(tmp_path: Path) -> None:
    answers: list[dict[str, Any]] = [
        {"kind": "label", "value": [[2, 3, "X"]], "annotator": "a@b.c", "seconds": 2.0},
        {"kind": "skip", "annotator": "d@e.f", "note": "odd"},
    ]
    lost = write(
        [Exported(Record("i", "a𝄞b", extra={"site": "web"}), answers, "labelled")], tmp_path / "o.json", About()
    )
    (task,) = json.loads((tmp_path / "o.json").read_text())
    assert task["data"] == {"site": "web", "text": "a𝄞b"}
    first, second = task["annotations"]
    assert first["result"][0]["value"] == {"start": 3, "end": 4, "text": "b", "labels": ["X"]}
    assert first["result"][0]["type"] == "labels"
    assert (first["completed_by"], first["lead_time"], first["was_cancelled"]) == ({"email": "a@b.c"}, 2.0, False)
    assert (second["result"], second["was_cancelled"]) == ([], True)
    assert lost == [Lost("note", 1, "kept in meta.querist, which Label Studio does not show")]


def test_what_was_changed_in_label_studio_counts(tmp_path: Path) -> None:
    item = Exported(Record("i", "x", extra={"k": 1}), [{"kind": "label", "value": "a", "note": "n"}], "labelled", True)
    write([item], tmp_path / "o.json", About())
    (task,) = json.loads((tmp_path / "o.json").read_text())
    task["id"] = 12
    task["annotations"][0].update(id=3, completed_by=9, created_at="2026-02-02T00:00:00Z")
    (record,) = read(put(tmp_path, [task]), Reading())
    assert list(record.labels) == [{"kind": "label", "value": "a", "note": "n"}], "only numbers were given anew"
    task["annotations"].append(annotation("choices", {"choices": ["b"]}, completed_by=4))
    (record,) = read(put(tmp_path, [task]), Reading())
    assert [(a["value"], a.get("annotator")) for a in record.labels] == [("a", "9"), ("b", "4")]
    assert (record.id, record.extra, record.flag) == ("i", {"k": 1}, True)


def result(value: Any) -> str:
    return json.dumps([{"data": {"text": "a"}, "annotations": [{"result": [value]}]}])


@pytest.mark.parametrize(
    "content, words",
    [
        ('[{"data": {"text": "a"}},\n {"data": }]', ["t.json, line 2, column 11"]),
        ('[{"data": {"text": "a"}}', ["the list is not closed"]),
        ('[{"data": {"text": "a"}}] x', ["nothing may stand here"]),
        ("[5]", ["line 1", "an object"]),
        ('[{"x": 1}]', ["line 1", "needs an object 'data'"]),
        ('[{"data": {}}]', ["no text, no image"]),
        ('[{"data": {"text": "a"}, "annotations": 5}]', ["'annotations' must be a list"]),
        (result({"type": "labels", "value": {"start": 0, "end": 9, "labels": ["x"]}}), ["0 to 9 lies outside"]),
        (result({"type": "number", "value": {"number": "x"}}), ["a number is needed"]),
        ("[" * 100_000, ["more than 32 levels"]),
    ],
)
def test_faults_have_their_place(content: str, words: list[str], tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        list(read(put(tmp_path, content), Reading()))
    assert caught.value.code == "BadRow"
    for word in words:
        assert word in str(caught.value)


def test_a_bad_task_is_left_out_when_asked(tmp_path: Path) -> None:
    bad: list[int] = []
    path = put(tmp_path, '[{"data": {"text": "a"}},\n{"x": 1},\n{"data": {"text": "b"}}]')
    assert [r.text for r in read(path, Reading(bad=lambda line, _: bad.append(line)))] == ["a", "b"]
    assert bad == [2]
