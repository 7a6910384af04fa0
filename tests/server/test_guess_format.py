"""Formats by ending and first lines."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from querist.core.errors import DataError
from querist.server.guess_format import guess_format

LINES = {
    "jsonl": '{"text": "a", "label": "x"}',
    "doccano": '{"id": 1, "text": "a", "label": ["x", "y"], "Comments": []}',
    "prodigy": '{"text": "a", "spans": [{"start": 0, "end": 1, "label": "x"}]}',
}


@pytest.mark.parametrize("format", LINES)
@pytest.mark.parametrize("packed", [False, True])
def test_lines_tell_the_format(format: str, packed: bool, tmp_path: Path) -> None:
    path = tmp_path / ("x.jsonl.gz" if packed else "x.ndjson")
    data = (LINES[format] + "\n").encode() * 3
    path.write_bytes(gzip.compress(data) if packed else data)
    assert guess_format(path) == format


def test_a_bad_line_does_not_hide_the_format(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("{broken\n" + LINES["prodigy"] + "\n")
    assert guess_format(path) == "prodigy"


def test_folders(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="put images into it") as caught:
        guess_format(tmp_path)
    assert caught.value.code == "EmptyPool"
    (tmp_path / "films.csv").write_text("a\n")
    with pytest.raises(DataError, match=r"name one of its files: films\.csv"):
        guess_format(tmp_path)
    for name in ("dataset_info.json", "state.json"):
        (tmp_path / name).write_text("{}")
    assert guess_format(tmp_path) == "datasets"
    (tmp_path / "dataset_dict.json").write_text(json.dumps({"splits": ["train"]}))
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "state.json").write_text("{}")
    with pytest.raises(DataError, match="name one of its folders: train"):
        guess_format(tmp_path)


def test_a_device_and_a_missing_path_are_no_data(tmp_path: Path) -> None:
    for path in (Path("/dev/null"), tmp_path / "none.csv"):
        with pytest.raises(DataError, match=path.name) as caught:
            guess_format(path)
        assert caught.value.code == "NoData"
