"""Columns by name and by value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from querist.core.errors import DataError
from querist.data.formats.reading import Reading
from querist.server.guess_columns import Columns, guess_columns, table_rows


def of(rows: list[dict[str, Any]], **given: Any) -> Columns:
    return guess_columns(list(rows[0]), rows, Reading(**given), Path("x.csv"))


def test_names_come_before_values() -> None:
    found = of([{"uid": "a", "Content": "x", "long": "a text of many words " * 3, "Target": "p"}])
    assert (found.text, found.id, found.label, found.modality) == ("Content", "uid", "Target", "text")


def test_one_column_of_short_words_is_the_text() -> None:
    found = of([{"query": "shoes"}, {"query": "hats"}])
    assert (found.text, found.modality, found.unknown) == ("query", "text", ())


def test_words_alone_are_asked_about() -> None:
    found = of([{"a": "x", "b": "y"}, {"a": "z", "b": "y"}])
    assert (found.text, found.modality) == (None, None)
    assert found.unknown[0][0] == "text"
    assert found.unknown[0][2] == ("a", "b")


def test_a_column_that_could_be_the_label_is_named() -> None:
    rows = [{"text": f"film {k}", "mood": ["glad", "sad"][k % 2], "year": str(1990 + k % 2)} for k in range(12)]
    found = of(rows)
    assert found.label is None
    assert "mood could be the label" in found.notes[0]
    assert of(rows, label="mood").label == "mood"
    for classes, named in (["Glad", "sad", "dull"], True), (["a", "b"], False):
        notes = guess_columns(list(rows[0]), rows, Reading(), Path("x.csv"), classes).notes
        assert any("mood could be the label" in note for note in notes) == named


def test_images_need_their_endings() -> None:
    assert of([{"image": "a.png"}, {"image": "b.jpeg"}]).modality == "image"
    assert of([{"image": "a.png"}, {"image": "a bag"}]).modality == "text", "not all are files"


def test_what_querist_wrote_is_seen() -> None:
    assert of([{"id": "a", "querist": '{"v":1,"flag":true}'}]).ours
    assert of([{"id": "a", "querist": 1}]).ours
    assert not of([{"text": "a", "querist": "yes"}]).ours


def test_rows_are_streamed(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": 1}\n{"b": 2}\n{broken')
    columns, rows, whole = table_rows("jsonl", path, Reading(bad=lambda line, why: None), 1)
    assert (columns, rows, whole) == (["a"], [{"a": 1}], False)
    (tmp_path / "e.jsonl").write_text("\n")
    with pytest.raises(DataError, match="has no rows"):
        table_rows("jsonl", tmp_path / "e.jsonl", Reading(), 1)
