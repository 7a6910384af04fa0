from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from querist.core.errors import DataError
from querist.training.feature_file import filling, read_features

ROWS = np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32)


class Cut(Exception):
    """The run ends here."""


def begin(path: Path, rows: NDArray[np.float32], *, end: bool = False) -> int:
    """Add rows and be cut, or end well; give back how many were there."""
    with filling(path, len(ROWS)) as file:
        there = file.rows
        for row in rows:
            file.add(row[None])
        if not end:
            raise Cut
    return there


def cut(path: Path, rows: NDArray[np.float32]) -> None:
    with pytest.raises(Cut):
        begin(path, rows)


def test_what_is_filled_is_a_plain_npy_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "f.npy"
    assert begin(path, ROWS, end=True) == 0
    np.testing.assert_array_equal(np.load(path), ROWS)
    np.testing.assert_array_equal(read_features(path, 10), ROWS)
    assert [p.name for p in path.parent.iterdir()] == ["f.npy"]


def test_a_cut_run_is_no_file_and_the_next_one_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "f.npy"
    cut(path, ROWS[:4])
    assert not path.exists()
    cut(path, ROWS[4:7])
    assert json.loads((tmp_path / "f.mark").read_text())["rows"] == 7
    assert begin(path, ROWS[7:], end=True) == 7
    np.testing.assert_array_equal(np.load(path), ROWS)


def test_rows_behind_the_mark_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "f.npy"
    cut(path, ROWS[:4])
    with (tmp_path / "f.part").open("ab") as file:
        file.write(b"half a row")
    assert begin(path, ROWS[4:], end=True) == 4
    np.testing.assert_array_equal(np.load(path), ROWS)


@pytest.mark.parametrize("harm", ["byte", "short", "mark", "other", "none"])
def test_what_does_not_agree_with_its_mark_begins_again(harm: str, tmp_path: Path) -> None:
    path, part, mark = (tmp_path / f"f.{s}" for s in ("npy", "part", "mark"))
    cut(path, ROWS[:4])
    held = bytearray(part.read_bytes())
    if harm == "byte":
        held[-1] ^= 1
        part.write_bytes(held)
    elif harm == "short":
        part.write_bytes(held[:-1])
    elif harm == "mark":
        mark.write_text("{")
    elif harm == "other":
        mark.write_text(mark.read_text().replace('"of": 10', '"of": 11'))
    else:
        mark.unlink()
    assert begin(path, ROWS, end=True) == 0
    np.testing.assert_array_equal(np.load(path), ROWS)


def test_two_at_once_do_not_mix_and_both_end_well(tmp_path: Path) -> None:
    path = tmp_path / "f.npy"
    with filling(path, 10) as one:
        one.add(ROWS[:5])
        with filling(path, 10) as two:
            assert two.rows == 0
            two.add(ROWS)
        np.testing.assert_array_equal(np.load(path), ROWS)
        one.add(ROWS[5:])
    np.testing.assert_array_equal(np.load(path), ROWS)
    assert [p.name for p in tmp_path.iterdir()] == ["f.npy"]


def test_the_second_of_two_leaves_nothing_when_it_fails(tmp_path: Path) -> None:
    path = tmp_path / "f.npy"
    with filling(path, 10) as one:
        cut(path, ROWS[:2])
        one.add(ROWS)
    assert [p.name for p in tmp_path.iterdir()] == ["f.npy"]


def test_a_file_of_another_size_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "f.npy"
    begin(path, ROWS, end=True)
    with pytest.raises(DataError, match="delete the file") as caught:
        read_features(path, 11)
    assert caught.value.code == "BadCache"
