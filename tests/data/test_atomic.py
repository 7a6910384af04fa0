"""Old or new, never a mixture; full disks by name."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from querist.core.errors import ResourceError
from querist.data.atomic import (
    TEMPORARY,
    disk_full,
    disk_full_named,
    no_space,
    staging,
    sync_file,
    sync_folder,
    sync_tree,
    write_whole,
)


def test_staging_cleans_up_after_itself(tmp_path: Path) -> None:
    with staging(tmp_path) as box:
        assert box.parent == tmp_path
        assert box.name.startswith(TEMPORARY)
        (box / "a").write_text("x")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyError), staging(tmp_path) as box:
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_what_is_renamed_away_stays(tmp_path: Path) -> None:
    with staging(tmp_path) as box:
        (box / "a").write_text("x")
        box.rename(tmp_path / "kept")
    assert (tmp_path / "kept" / "a").read_text() == "x"


def test_everything_in_a_tree_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("x", "a/y", "a/b/z"):
        (tmp_path / name).write_text(name)
    synced: list[str] = []
    monkeypatch.setattr("querist.data.atomic.sync_file", lambda p: synced.append(p.relative_to(tmp_path).as_posix()))
    monkeypatch.setattr(
        "querist.data.atomic.sync_folder", lambda p: synced.append(p.relative_to(tmp_path).as_posix() + "/")
    )
    sync_tree(tmp_path)
    assert sorted(synced) == sorted(["x", "a/y", "a/b/z", "a/b/", "a/", "./"])
    assert synced.index("a/b/z") < synced.index("a/b/") < synced.index("a/") < synced.index("./")


def test_sync_calls_fsync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr("os.fsync", calls.append)
    (tmp_path / "x").write_text("x")
    sync_file(tmp_path / "x")
    sync_folder(tmp_path)
    assert len(calls) == 2


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG, errno.EDQUOT])
def test_no_space_has_a_name(tmp_path: Path, number: int) -> None:
    with pytest.raises(ResourceError) as caught, disk_full_named(tmp_path / "no" / "x", "All is kept.", 7_000):
        raise OSError(number, "no space")
    assert caught.value.code == "DiskFull"
    for words in ("about 7,000 bytes are needed", "bytes are free", "All is kept.", "try again"):
        assert words in str(caught.value)


def test_other_errors_pass(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), disk_full_named(tmp_path, ""):
        raise FileNotFoundError(errno.ENOENT, "no such file")


def test_what_is_needed_may_be_unknown(tmp_path: Path) -> None:
    assert "more space is needed" in str(disk_full(tmp_path, "", None, "because"))


class RustError(Exception):
    """As of a library that is not written in Python."""


@pytest.mark.parametrize(
    "error, full",
    [
        (OSError(errno.EDQUOT, "quota"), True),
        (OSError(errno.EACCES, "no right"), False),
        (RustError("I/O error: No space left on device (os error 28)"), True),
        (RustError("I/O error: Permission denied (os error 13)"), False),
        (ValueError("28"), False),
        (ResourceError("quoted (os error 28)", code="DiskFull"), False),
    ],
)
def test_no_space_is_known_by_its_number(error: Exception, full: bool) -> None:
    assert no_space(error) is full


def test_no_space_in_a_library_has_the_name_too(tmp_path: Path) -> None:
    with pytest.raises(ResourceError) as caught, disk_full_named(tmp_path, "All is kept."):
        raise RustError("Error while serializing: I/O error: File too large (os error 27)")
    assert caught.value.code == "DiskFull"
    with pytest.raises(RustError), disk_full_named(tmp_path, "All is kept."):
        raise RustError("something else")


def test_a_whole_file_is_old_or_new_and_leaves_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    write_whole(path, b"one")
    write_whole(path, b"two", private=True)
    assert path.read_bytes() == b"two"
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("no")))
    with pytest.raises(OSError, match="no"):
        write_whole(path, b"three")
    assert path.read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["x"]
