from __future__ import annotations

import gc
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from querist.core import large
from querist.core.large import Filled
from querist.core.rows import Rows

BLOCKS = [np.arange(12.0).reshape(4, 3), np.ones((1, 3)), np.zeros((0, 3)), -np.ones((2, 3))]
WHOLE = np.concatenate(BLOCKS).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def filled() -> Any:
    array = Filled(len(WHOLE))
    for block in BLOCKS:
        array.add(block)
    return array


def test_small_arrays_stay_in_memory(folder: Path) -> None:
    done = filled().done()
    assert not isinstance(done, np.memmap)
    assert done.dtype == np.float32
    assert np.array_equal(done, WHOLE)
    assert not list(folder.iterdir())


def test_large_arrays_go_to_a_file_that_goes_with_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "SPILL_BYTES", 4 * WHOLE.size - 1)
    done = filled().done()
    assert isinstance(done, np.memmap)
    assert np.array_equal(done, WHOLE)
    assert Rows(done).streams
    assert len(list(folder.iterdir())) == 1
    piece = done[2:5]
    del done
    gc.collect()
    assert np.array_equal(Rows(piece).take(np.array([0, 2])), WHOLE[[2, 4]])  # a slice keeps the file
    assert Rows(piece).streams
    del piece
    gc.collect()
    assert not list(folder.iterdir())


@pytest.mark.parametrize("how", ["drop", "forget"])
def test_rows_that_do_not_all_come_leave_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(large, "SPILL_BYTES", 8)
    array = Filled(len(WHOLE))
    array.add(BLOCKS[0])
    assert list(folder.iterdir())
    if how == "drop":
        array.drop()
    del array
    gc.collect()
    assert not list(folder.iterdir())


def test_the_size_that_is_just_allowed_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "SPILL_BYTES", 4 * WHOLE.size)
    assert not isinstance(filled().done(), np.memmap)
