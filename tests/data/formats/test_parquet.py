"""Parquet: kinds of columns, foreign files, what is no Parquet file."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from querist.core.errors import DataError
from querist.data.formats.exported import About, Exported
from querist.data.formats.parquet import read, write
from querist.data.formats.reading import Reading
from querist.data.record import Record

arrow: Any = pytest.importorskip("pyarrow")
parquet: Any = pytest.importorskip("pyarrow.parquet")


def test_numbers_are_numbers_and_misfits_are_kept(tmp_path: Path) -> None:
    items = [
        Exported(
            Record(f"i{k}", "x", fields={"n": k, "f": k / 2, "b": k > 1, "s": "a"}),
            [{"kind": "label", "value": "cat", "seconds": 1}],
            "labelled",
        )
        for k in range(1_500)
    ]
    items.append(Exported(Record("odd", "x", fields={"n": "text", "f": None, "b": 3, "s": [1], "more": 1})))
    path = tmp_path / "o.parquet"
    assert write(items, path, About()) == []
    kinds = {field.name: str(field.type) for field in parquet.read_schema(path)}
    assert (kinds["n"], kinds["f"], kinds["b"], kinds["s"]) == ("int64", "double", "bool", "string")
    table = parquet.read_table(path).to_pylist()
    assert (table[3]["n"], table[3]["f"], table[3]["label"], table[3]["state"]) == (3, 1.5, "cat", "labelled")
    assert (table[-1]["n"], table[-1]["s"]) == (None, "[1]")
    records = list(read(path, Reading()))
    assert len(records) == 1_501
    assert records[-1].fields == items[-1].record.fields


def test_a_foreign_file(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    columns = {"text": ["a", "b"], "label": [1, None], "when": [date(2026, 1, 2), None], "score": [float("nan"), 0.5]}
    parquet.write_table(arrow.table(columns), path)
    first, second = read(path, Reading())
    assert (first.text, list(first.labels), first.extra) == (
        "a",
        [{"kind": "label", "value": "1"}],
        {"when": "2026-01-02", "score": None},
    )
    assert (second.labels, second.extra) == ([], {"when": None, "score": 0.5})


def test_a_label_that_was_changed_counts(tmp_path: Path) -> None:
    path = tmp_path / "o.parquet"
    write([Exported(Record("i", "x"), [{"kind": "label", "value": "cat"}], "labelled")], path, About())
    table = parquet.read_table(path).to_pylist()
    table[0]["label"] = "dog"
    parquet.write_table(arrow.Table.from_pylist(table), path)
    assert list(next(read(path, Reading())).labels) == [{"kind": "label", "value": "dog"}]


def test_faults(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1 no")
    with pytest.raises(DataError, match=r"x\.parquet is no Parquet file") as caught:
        list(read(path, Reading()))
    assert caught.value.code == "NoData"
    parquet.write_table(arrow.table({"text": ["a", None]}), path)
    with pytest.raises(DataError, match="row 2: column 'text' holds no text") as caught:
        list(read(path, Reading()))
    parquet.write_table(arrow.table({"text": ["a"], "blob": [b"xyz"]}), path)
    with pytest.raises(DataError, match="row 1: a value of 3 bytes is no text"):
        list(read(path, Reading()))
    with pytest.raises(DataError, match="larger than"):
        list(read(path, Reading(most_bytes=10)))
    parquet.write_table(arrow.table({"text": arrow.array([], arrow.string())}), path)
    with pytest.raises(DataError, match="columns and no rows"):
        list(read(path, Reading()))
