"""Hugging Face datasets: round trips and foreign sets; needs the extra."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from querist.core.errors import ArgumentTypeError, DataError, ResourceError
from querist.data.formats.exported import About, Exported
from querist.data.formats.hf_datasets import read, write
from querist.data.formats.reading import Reading
from querist.data.record import Record


class _Feature:
    def __init__(self, names: list[str]) -> None:
        self.names = names


class _Set:
    """What is used of a ``datasets.Dataset``."""

    features: Any = {"text": object(), "label": _Feature(["neg", "pos"])}
    column_names = ["text", "label"]
    rows: Any = {"text": ["a", "b", "c"], "label": [1, 0, -1]}

    def with_format(self, kind: None) -> _Set:
        return self

    def __len__(self) -> int:
        return 3

    def __getitem__(self, part: slice) -> dict[str, list[Any]]:
        return {name: values[part] for name, values in self.rows.items()}


def test_class_numbers_become_names() -> None:
    records = list(read(_Set(), Reading()))
    assert [(r.text, [a["value"] for a in r.labels]) for r in records] == [("a", ["pos"]), ("b", ["neg"]), ("c", [])]


def test_a_dictionary_of_splits_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="choose one of train, test"):
        list(read({"train": 1, "test": 2}, Reading()))


def test_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    for call in (lambda: list(read(tmp_path, Reading())), lambda: write([], tmp_path / "o", About())):
        with pytest.raises(ResourceError, match=r"querist\[hf\]") as caught:
            call()
        assert caught.value.code == "MissingExtra"


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    items = [
        Exported(
            Record(f"i{k}", f"text {k}", fields={"n": k}, extra={"x": [k]}),
            [{"kind": "label", "value": "a"}],
            "labelled",
        )
        for k in range(1_001)
    ]
    assert write(items, tmp_path / "o", About()) == []
    found = datasets.load_from_disk(str(tmp_path / "o"))
    assert found[3]["n"] == 3
    for source in (tmp_path / "o", found):
        records = list(read(source, Reading()))
        assert [(r.id, r.fields, r.extra) for r in records] == [
            (i.record.id, i.record.fields, i.record.extra) for i in items
        ]
        assert list(records[0].labels) == [{"kind": "label", "value": "a"}]
    with pytest.raises(DataError, match="no folder that save_to_disk wrote"):
        list(read(tmp_path, Reading()))
