"""A file is written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from querist.benchmark.one_step import write_in_one_step
from querist.core.errors import ResourceError


def test_makes_the_folder_and_replaces_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    write_in_one_step(path, b"one")
    write_in_one_step(path, b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(path.parent) == ["b.txt"]


def test_a_full_disk_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "b.txt"
    write_in_one_step(path, b"one")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ResourceError) as caught:
        write_in_one_step(path, b"two")
    assert caught.value.code == "DiskFull"
    assert path.read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["b.txt"]
