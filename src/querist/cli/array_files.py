"""Arrays and ids from files: .npy (memory-mapped), .npz, CSV, Parquet; never pickled objects."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from querist.core.errors import DataError, shorten_path
from querist.core.optional import need
from querist.core.types import Array

__all__ = ["read_array", "read_exclude", "read_graph", "read_groups", "read_ids"]


def read_array(path: Path, *, flat: bool = False) -> Array:
    """The numbers in a file.

    Args:
        path: .npy, .npz with one array, .csv with or without a header, or .parquet.
        flat: whether one column is meant as a vector (N,).

    Raises:
        DataError: unreadable, no numbers, or several arrays in one .npz (codes ``NoData``, ``BadArray``).
    """
    name = shorten_path(path)
    if not path.is_file():
        raise DataError(f"{name} is not a file that can be read", code="NoData")
    try:
        array = _load(path)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        if isinstance(error, DataError):
            raise
        reason = "it holds Python objects, which are not loaded" if "allow_pickle" in str(error) else str(error)
        raise DataError(f"cannot read {name} as an array: {reason}", code="BadArray") from error
    if array.dtype.kind not in "fiub":
        raise DataError(f"{name} holds {array.dtype}, not numbers", code="BadArray")
    return array.reshape(-1) if flat and array.ndim == 2 and 1 in array.shape else array


def _load(path: Path) -> Array:
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return np.load(path, mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]
    if suffix == ".npz":
        with np.load(path, allow_pickle=False) as found:
            if len(found.files) != 1:
                raise DataError(
                    f"{path.name} holds {len(found.files)} arrays ({', '.join(found.files)}); "
                    "one is needed: save it alone",
                    code="BadArray",
                )
            return np.asarray(found[found.files[0]])
    if suffix == ".csv":
        return _csv(path)
    if suffix == ".parquet":
        table = need("pyarrow.parquet", "parquet", "reading Parquet").read_table(path)
        return np.column_stack([column.to_numpy() for column in table.columns])
    raise DataError(f"{path.name}: use .npy, .npz, .csv or .parquet", code="BadArray")


def _csv(path: Path) -> Array:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if row]
    if rows and not _numeric(rows[0]):
        rows = rows[1:]
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        line = next(i for i, row in enumerate(rows, start=1) if len(row) != len(rows[0]))
        raise DataError(
            f"{path.name}: row {line} has {len(rows[line - 1])} fields, the first {len(rows[0])}", code="BadArray"
        )
    return np.asarray([[float(v) for v in row] for row in rows], dtype=np.float64)


def _numeric(row: list[str]) -> bool:
    try:
        [float(v) for v in row]
    except ValueError:
        return False
    return True


def read_ids(path: Path, *, header: str = "id") -> list[str]:
    """Ids from a .npy, or the first column of a text or CSV file (a header called id is skipped)."""
    if not path.is_file():
        raise DataError(f"{shorten_path(path)} is not a file that can be read", code="NoData")
    if path.suffix.lower() == ".npy":
        try:
            return [str(v) for v in np.load(path, allow_pickle=False).tolist()]
        except ValueError as error:
            raise DataError(f"cannot read {path.name} as ids: {error}", code="BadArray") from error
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = [row[0] for row in csv.reader(file) if row]
    return found[1:] if found and found[0].strip().lower() == header else found


def read_groups(path: Path) -> Array:
    """(N,) int64 group numbers from a .npy, or from the first column of a text or CSV file (a header called group is
    skipped). Names that are no whole numbers are numbered in alphabetical order."""
    found = read_ids(path, header="group")
    try:
        return np.array([int(v) for v in found], dtype=np.int64)
    except ValueError:
        return np.unique(np.array(found), return_inverse=True)[1].reshape(-1).astype(np.int64)


def read_graph(path: Path) -> Any:
    """An adjacency: a SciPy sparse matrix in .npz (``scipy.sparse.save_npz``), or a dense one like other arrays.

    Raises:
        DataError: unreadable (codes ``NoData``, ``BadArray``).
    """
    if path.suffix.lower() != ".npz" or not path.is_file():
        return read_array(path)
    from scipy import sparse

    try:
        return sparse.load_npz(path)
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise DataError(f"cannot read {shorten_path(path)} as a sparse matrix: {error}", code="BadArray") from error


def read_exclude(path: Path, *, ids: bool) -> Array | list[str]:
    """What is left out: a mask from a .npy of truth values, else ids, one a row; row numbers where there are no ids."""
    found = read_ids(path)
    if path.suffix.lower() == ".npy" and set(found) <= {"True", "False"}:
        return np.array([v == "True" for v in found], dtype=bool)
    if ids:
        return found
    try:
        return np.array([int(v) for v in found], dtype=np.int64)
    except ValueError as error:
        raise DataError(
            f"{path.name} must hold row numbers, for no --ids were given: {error}", code="BadArray"
        ) from error
