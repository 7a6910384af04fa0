from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from querist.core.errors import ArgumentError
from querist.training.pretraining.kept import checked, cuts, keep
from tiny import source


@pytest.mark.parametrize(
    ("n", "batch", "least", "wanted"),
    [
        (10, 4, 2, [(0, 4), (4, 8), (8, 10)]),
        (9, 4, 2, [(0, 4), (4, 9)]),
        (3, 8, 2, [(0, 3)]),
        (8, 4, 2, [(0, 4), (4, 8)]),
    ],
)
def test_no_batch_is_too_small(n: int, batch: int, least: int, wanted: list[tuple[int, int]]) -> None:
    assert cuts(n, batch, least) == wanted


def test_rows_come_in_order_and_once() -> None:
    found = checked(source(), np.array([5, 1, 5, 3]), "task", 2, 1, 8, 0.1)
    assert found.tolist() == [1, 3, 5]
    with pytest.raises(ArgumentError, match="task needs at least 3 items and got 2"):
        checked(source(), np.array([5, 1, 5]), "task", 3, 1, 8, 0.1)


def test_a_folder_is_whole_or_not_there(tmp_path: Path) -> None:
    def fails(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        keep(fails, tmp_path / "in" / "kept")
    assert list((tmp_path / "in").iterdir()) == []
    keep(lambda folder: (folder / "first").touch(), tmp_path / "in" / "kept")
    keep(lambda folder: (folder / "second").touch(), tmp_path / "in" / "kept")  # another was first: its work stays
    assert [p.name for p in (tmp_path / "in").rglob("*")] == ["kept", "first"]
