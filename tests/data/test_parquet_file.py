"""Parquet: columns with and without gaps, vectors, and files that are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from querist.core.errors import DataError, ResourceError
from querist.data.parquet_file import parquet_source
from querist.data.source import Source
from querist.data.table import Columns

pa = pytest.importorskip("pyarrow")


def read(folder: Path, columns: dict[str, Any], wanted: Columns | None = None, **more: bool) -> Source:
    import pyarrow.parquet

    pyarrow.parquet.write_table(pa.table(columns), folder / "x.parquet")
    return parquet_source(folder / "x.parquet", wanted or Columns(), **more)


def test_texts(tmp_path: Path) -> None:
    source = read(tmp_path, {"text": ["a", "b", "a"], "label": ["x", None, "y"], "id": [1, 2, 3]}, dedupe=True)
    assert source.take(slice(None)) == ["a", "b"]
    assert source.truth == ["x", None]
    assert list(source.ids) == ["1", "2"]


def test_numbers_keep_their_kind(tmp_path: Path) -> None:
    source = read(tmp_path, {"w": np.array([1, 2], dtype=np.float32), "h": np.array([3, 4], dtype=np.float32)})
    assert source.take(slice(None)).tolist() == [[1, 3], [2, 4]]
    assert source.take(slice(None)).dtype == np.float32


def test_vectors(tmp_path: Path) -> None:
    source = read(tmp_path, {"embedding": [[1.0, 2.0], [3.0, 4.0]], "y": [[0, 1], []]})
    assert source.take(slice(None)).tolist() == [[1, 2], [3, 4]]
    assert source.truth == [["0", "1"], []]


def test_faults_of_the_table(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="1 NaN or infinite values, 1 of them in column 'w'") as error:
        read(tmp_path, {"w": [1.0, None]})
    assert error.value.code == "BadFeatures"
    with pytest.raises(DataError, match=r"x\.parquet has no column 'body'; it has: text"):
        read(tmp_path, {"text": ["a"]}, Columns("body"))
    with pytest.raises(DataError, match=r"pool has 0 items: x\.parquet"):
        read(tmp_path, {"w": np.empty(0)})


def test_names_of_folders_are_no_columns(tmp_path: Path) -> None:
    folder = tmp_path / "label=3"
    folder.mkdir()
    assert read(folder, {"w": [1.0]}).truth is None


def test_other_files_are_refused(tmp_path: Path) -> None:  # row 41
    for data in (b"", b"PAR1", b"a,b\n1,2\n" * 10, b"PAR1" + b"\xff" * 40 + b"PAR1"):
        (tmp_path / "x.parquet").write_bytes(data)
        with pytest.raises(DataError, match=r"x\.parquet is no Parquet file") as error:
            parquet_source(tmp_path / "x.parquet", Columns())
        assert (error.value.code, error.value.exit_code) == ("NoData", 3)
    with pytest.raises(DataError, match="No such file"):
        parquet_source(tmp_path / "missing.parquet", Columns())


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.parquet").write_bytes(b"")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(ResourceError, match=r"querist\[parquet\]") as error:
        parquet_source(tmp_path / "x.parquet", Columns())
    assert error.value.code == "MissingExtra"
