"""Arrays in files: memory-mapped, with named faults."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from querist.cli.array_files import read_array, read_exclude, read_groups, read_ids
from querist.core.errors import DataError


def test_npy_is_memory_mapped(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.eye(3))
    assert isinstance(read_array(tmp_path / "a.npy"), np.memmap)


def test_csv_with_and_without_header(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n3,4\n")
    (tmp_path / "b.csv").write_text("1,2\n3,4\n")
    assert (read_array(tmp_path / "a.csv") == read_array(tmp_path / "b.csv")).all()
    (tmp_path / "c.csv").write_text("1,2\n3\n")
    with pytest.raises(DataError, match="row 2 has 1 fields, the first 2"):
        read_array(tmp_path / "c.csv")


def test_npz_with_several_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", one=np.eye(2), two=np.eye(3))
    with pytest.raises(DataError, match=r"2 arrays \(one, two\)"):
        read_array(tmp_path / "a.npz")


def test_parquet(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"a": [1.0, 2.0], "b": [3.0, 4.0]}), tmp_path / "a.parquet")
    assert read_array(tmp_path / "a.parquet").tolist() == [[1, 3], [2, 4]]


def test_vectors_and_ids(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("cost\n1\n2\n")
    assert read_array(tmp_path / "c.csv", flat=True).tolist() == [1, 2]
    np.save(tmp_path / "i.npy", np.array(["a", "b"]))
    assert read_ids(tmp_path / "i.npy") == ["a", "b"]
    (tmp_path / "broken.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(DataError):
        read_array(tmp_path / "broken.npy")


def test_groups_are_numbers_or_names(tmp_path: Path) -> None:
    (tmp_path / "g.csv").write_text("group,other\nb,1\na,2\nb,3\n")
    assert read_groups(tmp_path / "g.csv").tolist() == [1, 0, 1]
    (tmp_path / "n.txt").write_text("7\n3\n7\n")
    assert read_groups(tmp_path / "n.txt").tolist() == [7, 3, 7]
    np.save(tmp_path / "g.npy", np.array([5, 5, 2]))
    assert read_groups(tmp_path / "g.npy").tolist() == [5, 5, 2]


def test_exclusions_are_ids_rows_or_a_mask(tmp_path: Path) -> None:
    np.save(tmp_path / "ids.npy", np.array(["a", "b"]))
    assert read_exclude(tmp_path / "ids.npy", ids=True) == ["a", "b"]
    np.save(tmp_path / "mask.npy", np.array([True, False]))
    mask = read_exclude(tmp_path / "mask.npy", ids=True)
    assert isinstance(mask, np.ndarray)
    assert mask.dtype == bool
    (tmp_path / "rows.csv").write_text("3\n1\n")
    rows = read_exclude(tmp_path / "rows.csv", ids=False)
    assert isinstance(rows, np.ndarray)
    assert rows.tolist() == [3, 1]
    assert read_exclude(tmp_path / "rows.csv", ids=True) == ["3", "1"]
    with pytest.raises(DataError, match="must hold row numbers"):
        read_exclude(tmp_path / "ids.npy", ids=False)
