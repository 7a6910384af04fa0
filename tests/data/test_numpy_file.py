"""Files of NumPy: mapped and not copied; pickles inside are never loaded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from querist.core.errors import DataError
from querist.data.arrays import ArraySource
from querist.data.numpy_file import numpy_source


def test_an_array_is_mapped_not_read(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(12, dtype=np.float32).reshape(4, 3))
    source = numpy_source(tmp_path / "x.npy")
    assert isinstance(source, ArraySource)
    base: Any = source.array
    while not isinstance(base, np.memmap) and base is not None:
        base = base.base
    assert isinstance(base, np.memmap), "the values lie in the file"
    assert source.take(np.array([3])).tolist() == [[9.0, 10.0, 11.0]]
    assert source.name == "x.npy"


def test_texts_in_an_array(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array(["one", "two"]))
    assert numpy_source(tmp_path / "x.npy").take(slice(None)) == ["one", "two"]


def test_features_labels_and_ids(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", X=np.eye(3), y=np.array([2, 0, 1]), ids=np.array(["a", "b", "c"]))
    source = numpy_source(tmp_path / "x.npz")
    assert source.truth == ["2", "0", "1"]
    assert list(source.ids) == ["a", "b", "c"]
    np.savez(tmp_path / "one.npz", features=np.eye(3))
    assert len(numpy_source(tmp_path / "one.npz")) == 3
    np.savez(tmp_path / "two.npz", a=np.eye(3), b=np.eye(3))
    with pytest.raises(DataError, match="holds a, b; name the features X"):
        numpy_source(tmp_path / "two.npz")
    np.savez(tmp_path / "short.npz", X=np.eye(3), y=np.array([2, 0]))
    with pytest.raises(DataError, match="2 labels for 3 items") as error:  # row 29
        numpy_source(tmp_path / "short.npz")
    assert error.value.code == "LengthMismatch"


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_pickles_are_never_loaded(tmp_path: Path, ending: str) -> None:  # row 51
    canary = tmp_path / "canary"
    array = np.array([Bomb(str(canary))], dtype=object)
    file = tmp_path / f"x.{ending}"
    if ending == "npy":
        np.save(file, array, allow_pickle=True)
    else:
        np.savez(file, X=array)
    with pytest.raises(DataError, match="pickled objects, which can run code and are never loaded") as error:
        numpy_source(file)
    assert (error.value.code, error.value.exit_code) == ("PickleRefused", 3)
    assert not canary.exists()


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_other_files_are_refused(tmp_path: Path, name: str) -> None:
    np.save(tmp_path / "whole.npy", np.eye(30))
    np.savez(tmp_path / "whole.npz", X=np.eye(30))
    whole = (tmp_path / f"whole.{name[-3:]}").read_bytes()
    for data in (b"", b"\x93NUMPY", whole[:100], whole[: len(whole) // 2], b"PK\x03\x04" + b"\xff" * 50):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(DataError, match=f"cannot read {name}"):
            numpy_source(tmp_path / name)
    with pytest.raises(DataError, match="No such file"):
        numpy_source(tmp_path / f"missing{name}")


def test_arrays_that_are_no_features(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([1j, 2j]))
    with pytest.raises(DataError, match="complex128") as error:
        numpy_source(tmp_path / "x.npy")
    assert error.value.exit_code == 3


def test_an_empty_array(tmp_path: Path) -> None:  # row 5
    np.save(tmp_path / "x.npy", np.empty((0, 3)))
    np.savez(tmp_path / "x.npz", X=np.empty((0, 3)))
    for name in ("x.npy", "x.npz"):
        with pytest.raises(DataError, match=f"pool has 0 items: {name}") as error:
            numpy_source(tmp_path / name)
        assert error.value.code == "EmptyPool"
