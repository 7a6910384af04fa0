"""Round trips of drawn items through every format that keeps all of an item."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from drawn_items import batches, same
from querist.data.formats import SUFFIXES, read_records, write_records
from querist.data.formats.exported import About, Exported

FAITHFUL = ["csv", "jsonl", "parquet", "label-studio", "prodigy", "doccano"]


@pytest.mark.parametrize("format", FAITHFUL)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(items=batches())
def test_what_is_written_comes_back_to_the_letter(
    format: str, items: list[Exported], tmp_path_factory: pytest.TempPathFactory
) -> None:
    if format == "parquet":
        pytest.importorskip("pyarrow")
    path: Path = tmp_path_factory.mktemp("f") / f"out{SUFFIXES[format]}"
    write_records(format, items, path, About(classes=("cat", "dog")))
    read = list(read_records(format, path))
    assert len(read) == len(items)
    for record, item in zip(read, items, strict=True):
        same(record, item)
