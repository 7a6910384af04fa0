"""Rows from files and rows made as they are asked for: both are what an array would give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.types import Array
from querist.server.trainer.feature_rows import FileRows, MadeRows, Some

WHOLE = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)


def files(folder: Path, *ends: int) -> FileRows:
    """The whole, cut into files."""
    parts = []
    for number, piece in enumerate(np.split(WHOLE, ends)):
        np.save(folder / f"{number}.npy", piece)
        parts.append(np.load(folder / f"{number}.npy", mmap_mode="r"))
    return FileRows(parts)


SOME = st.one_of(
    st.lists(st.integers(0, 39), max_size=50).map(lambda rows: np.asarray(rows, dtype=np.int64)),
    st.tuples(st.integers(-45, 45), st.none() | st.integers(-45, 45), st.sampled_from([None, 1, 3, -2])).map(
        lambda ends: slice(*ends)
    ),
)


@settings(max_examples=60, deadline=None)
@given(some=SOME, ends=st.sampled_from([(), (7,), (1, 2, 39)]), room=st.sampled_from([12, 120, 10_000]))
def test_some_rows_are_those_of_the_array(
    some: Some, ends: tuple[int, ...], room: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = MadeRows(lambda rows: WHOLE[rows], 40, lambda: None, room=room)
    for rows in (files(tmp_path_factory.mktemp("f"), *ends), made, made):
        found = rows[some]
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, WHOLE[some])
        assert (len(rows), rows.shape) == (40, (40, 3))


def test_what_was_given_is_a_copy_and_the_file_stays(tmp_path: Path) -> None:
    rows = files(tmp_path, 10)
    rows[slice(0, 5)][:] = 0
    rows[np.array([1, 2])][:] = 0
    np.testing.assert_array_equal(rows[slice(None)], WHOLE)


def test_rows_are_made_once_while_there_is_room() -> None:
    asked: list[int] = []
    beats: list[int] = []

    def make(rows: list[int]) -> Array:
        asked.extend(rows)
        return WHOLE[rows]

    made = MadeRows(make, 40, lambda: beats.append(1), room=5 * 12)
    assert asked == [0]
    made[np.array([0, 4, 5])]
    assert asked == [0, 4, 5]
    made[np.array([5, 0, 6, 7, 8, 9])]
    assert asked == [0, 4, 5, 6, 7, 8, 9]
    asked.clear()
    np.testing.assert_array_equal(made[np.array([9, 8, 7, 6, 5])], WHOLE[[9, 8, 7, 6, 5]])
    assert asked == [9, 8]  # there was room for five
    assert len(beats) == 3
    made[np.zeros(0, dtype=np.int64)]
    assert len(beats) == 3
