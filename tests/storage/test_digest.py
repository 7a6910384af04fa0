"""Digests depend on names and bytes, and on nothing else."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

import pytest

from querist.core.errors import DataError
from querist.storage.digest import file_digest, files_in, folder_digest


def fill(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_of_a_file(tmp_path: Path) -> None:
    content = b"abc" * 1_000_000  # more than a block
    (tmp_path / "x").write_bytes(content)
    assert file_digest(tmp_path / "x") == blake2b(content, digest_size=32).hexdigest()


def test_of_a_folder_by_hand(tmp_path: Path) -> None:
    fill(tmp_path, {"b": b"2", "a/c": b"1"})
    h = blake2b(digest_size=32)
    for name, content in ((b"a/c", b"1"), (b"b", b"2")):
        h.update(len(name).to_bytes(8, "big") + name + blake2b(content, digest_size=32).digest())
    assert folder_digest(tmp_path) == h.hexdigest()


def test_names_bytes_and_places_count(tmp_path: Path) -> None:
    variants = [
        {"a": b"1", "b": b"2"},
        {"a": b"2", "b": b"1"},
        {"a": b"1", "c": b"2"},
        {"a": b"12", "b": b""},
        {"x/a": b"1", "b": b"2"},
        {"a": b"1"},
        {},
    ]
    digests = []
    for n, files in enumerate(variants):
        (tmp_path / str(n)).mkdir()
        digests.append(folder_digest(fill(tmp_path / str(n), files)))
    assert len(set(digests)) == len(variants)


def test_times_permissions_and_empty_folders_do_not(tmp_path: Path) -> None:
    before = folder_digest(fill(tmp_path, {"a": b"1"}))
    os.utime(tmp_path / "a", (1, 1))
    (tmp_path / "a").chmod(0o600)
    (tmp_path / "empty").mkdir()
    assert folder_digest(tmp_path) == before


def test_links_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "link").symlink_to(tmp_path / "a")
    with pytest.raises(DataError, match="link") as caught:
        list(files_in(tmp_path))
    assert caught.value.code == "NotAFile"


def test_files_come_sorted(tmp_path: Path) -> None:
    fill(tmp_path, {"b": b"", "a/z": b"", "a.txt": b""})
    assert [name for name, _ in files_in(tmp_path)] == ["a.txt", "a/z", "b"]
