"""Blocks are short, contiguous, in the right precision, and together they are the array."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from querist.strategies.kernels.blocks import BLOCK_BYTES, blocks


@pytest.mark.parametrize(
    ("given", "kept"),
    [("f2", "f4"), ("f4", "f4"), (">f4", "f4"), ("f8", "f8"), ("i4", "f8"), ("u1", "f8"), (">f8", "f8")],
)
def test_precision(given: str, kept: str) -> None:
    array = np.arange(12).reshape(4, 3).astype(given)
    (rows, block), *more = blocks(array)
    assert rows == slice(0, 4)
    assert not more
    assert block.dtype == np.dtype(kept)
    assert block.dtype.isnative
    assert block.tolist() == array.tolist()


def test_each_block_is_shown_before_it_is_handed_out() -> None:
    array = np.arange(40, dtype=np.float16).reshape(20, 2)
    shown: list[Any] = []
    for rows, block in blocks(array, lambda block, unsigned=False: shown.append(block), 4 * 8):
        assert len(block) == 4
        assert shown[-1] is block
        assert rows.stop == 4 * len(shown)
    assert len(shown) == 5


@pytest.mark.parametrize("shape", [(70_000, 10), (300, 100, 10), (3, 400_000), (5, 0), (0, 4)])
def test_blocks_are_short_and_make_up_the_array(shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    seen = 0
    for rows, block in blocks(array):
        assert rows.start == seen
        assert block.flags.c_contiguous
        assert block.nbytes <= BLOCK_BYTES or len(block) == 1
        assert np.array_equal(block, array[rows])
        seen = rows.stop
    assert seen == len(array)


def test_layouts_and_memory_maps(tmp_path: Path) -> None:
    array = np.random.default_rng(0).random((50, 4, 3))
    np.save(tmp_path / "a.npy", array)
    layouts: list[Any] = [
        np.asfortranarray(array),
        np.ascontiguousarray(array.transpose(1, 0, 2)).transpose(1, 0, 2),
        np.load(tmp_path / "a.npy", mmap_mode="r"),
    ]
    for other in layouts:
        ((_, block),) = blocks(other)
        assert type(block) is np.ndarray
        assert block.flags.c_contiguous
        assert np.array_equal(block, array)
