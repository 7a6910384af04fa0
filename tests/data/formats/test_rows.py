"""Rows to records: roles of columns, fields, and what cannot be used."""

from __future__ import annotations

from typing import Any

import pytest

from querist.core.errors import DataError
from querist.data.formats.exported import Exported
from querist.data.formats.reading import Reading
from querist.data.formats.rows import Layout, Roles, record_of
from querist.data.record import Record


def record(row: dict[str, Any], *, cells: bool = True, **given: Any) -> Record:
    reading = Reading(**given)
    return record_of(row, Roles.of(list(row), reading, "x.csv"), reading, cells=cells)


def test_usual_names_and_given_ones() -> None:
    found = record({"ID": "a", "Sentence": "t", "Class": "c", "more": "1"})
    assert (found.id, found.text, found.labels, found.extra) == (
        "a",
        "t",
        [{"kind": "label", "value": "c"}],
        {"more": "1"},
    )
    found = record({"id": "a", "text": "t", "body": "b", "mood": "glad"}, text="body", label="mood")
    assert (found.text, found.extra) == ("b", {"text": "t"})
    found = record({"id": "a", "text": "t"}, id="")
    assert (found.id, found.extra) == (None, {"id": "a"})
    found = record({"photo": "a.png", "text": "t"}, file="photo")
    assert (found.file, found.text, found.extra) == ("a.png", None, {"text": "t"})


def test_a_table_has_fields_with_numbers() -> None:
    row = {"a": "1", "b": "-2.5e3", "c": "", "d": "word", "e": "1_000", "f": "nan", "g": " 7 ", "h": "9" * 400}
    assert record(row).fields == {
        "a": 1,
        "b": -2500.0,
        "c": None,
        "d": "word",
        "e": "1_000",
        "f": "nan",
        "g": 7,
        "h": "9" * 400,
    }
    found = record({"a": "1", "b": "2", "text": "t"}, features=("b",))
    assert (found.text, found.fields, found.extra) == (None, {"b": 2}, {"a": "1", "text": "t"})


@pytest.mark.parametrize(
    "row, given, words",
    [
        ({"id": "", "text": "t"}, {}, "'id' must be"),
        ({"id": True, "text": "t"}, {}, "'id' must be"),
        ({"text": None}, {}, "holds no text but NoneType"),
        ({"text": "t", "label": "x"}, {"task": "number"}, "a number is needed"),
        ({"text": "too long"}, {"longest": 3}, "at most 3"),
        ({"label": "x"}, {}, "no text, no file"),
    ],
)
def test_what_cannot_be_used_is_named(row: dict[str, Any], given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        record(row, **given)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match=r"x has no column 'lable'; it has: text, label\. Did you mean 'label'"):
        Roles.of(["text", "label"], Reading(label="lable"), "x")


def test_columns_of_one_name_get_a_mark() -> None:
    item = Exported(Record("i", "t", fields={"state": 1, "a": 2}, extra={"a": 3, "": 4}), [], "labelled")
    layout = Layout([item])
    row, kept = layout.row(item)
    assert layout.columns[:6] == ["id", "text", "state_", "a", "a_", "unnamed"]
    assert (row["state"], row["state_"], row["a"], row["a_"], row["unnamed"]) == ("labelled", 1, 2, 3, 4)
    assert kept["extra"] == {"a": 3, "": 4}
