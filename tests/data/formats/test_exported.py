"""Files that appear whole or not at all, and what is told as lost."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from querist.core.errors import ResourceError
from querist.data.formats.exported import Losses, Lost, whole_file, whole_folder


def test_a_file_is_old_or_new(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("old")
    with pytest.raises(TypeError), whole_file(path) as file:
        file.writelines([b"half", "no bytes"])  # type: ignore[list-item]
    assert path.read_text() == "old"
    with whole_file(path) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["x"]


def test_a_folder_is_whole_or_absent(tmp_path: Path) -> None:
    path = tmp_path / "d"
    with pytest.raises(FileNotFoundError), whole_folder(path) as folder:
        (folder / "a").rename(folder / "missing" / "a")
    assert os.listdir(tmp_path) == []
    path.mkdir()
    with whole_folder(path) as folder:
        (folder / "a").write_text("new")
    assert (path / "a").read_text() == "new"
    with pytest.raises(ResourceError, match="not an empty folder"), whole_folder(path):
        pass
    assert os.listdir(tmp_path) == ["d"]


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="must be there and writable") as caught, whole_file(tmp_path / "no" / "x"):
        pass
    assert caught.value.code == "NotWritable"


def test_losses_are_counted_by_kind() -> None:
    losses = Losses()
    for what in ("note", "flag", "note"):
        losses.add(what)
    losses.add("note", "kept elsewhere")
    assert losses.found() == [Lost("note", 2), Lost("flag", 1), Lost("note", 1, "kept elsewhere")]
    assert str(losses.found()[0]) == "note of 2 items: left out"


def test_a_full_disk_is_named_wherever_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old").write_bytes(b"old")
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(ResourceError, match="bytes are free") as caught, whole_file(tmp_path / "old"):
        raise full
    assert caught.value.code == "DiskFull"
    with pytest.raises(ResourceError, match="what was there before is as it was"), whole_folder(tmp_path / "f"):
        raise full

    def sync(descriptor: int) -> None:
        raise full

    monkeypatch.setattr(os, "fsync", sync)
    with pytest.raises(ResourceError, match="out of space"), whole_file(tmp_path / "old") as file:
        file.write(b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("old", b"old")]
