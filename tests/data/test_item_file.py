"""The file items.db: made whole and private, refused by name when it is damaged, foreign or newer."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from querist.core.errors import ResourceError, StateError
from querist.data.item_file import create_file, open_file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "items.db"
    create_file(made)
    return made


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_the_file_and_its_log_are_the_owners_only(path: Path) -> None:
    old = os.umask(0)
    try:
        connection = open_file(path, read_only=False)
        connection.execute("INSERT INTO item VALUES (0, 'a', 'x', NULL, NULL, NULL)")
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
        connection.close()
    finally:
        os.umask(old)
    assert modes == {"items.db": 0o600, "items.db-wal": 0o600, "items.db-shm": 0o600}


def test_a_commit_is_on_the_disk(path: Path) -> None:
    for read_only in (False, True):
        connection = open_file(path, read_only=read_only)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        connection.close()


def test_the_schema_is_the_decided_one(path: Path) -> None:
    connection = open_file(path, read_only=True)
    columns = [row[1:4] for row in connection.execute("PRAGMA table_info(item)")]
    assert columns == [
        ("row", "INTEGER", 0),
        ("id", "TEXT", 1),
        ("text", "TEXT", 0),
        ("file", "TEXT", 0),
        ("fields", "TEXT", 0),
        ("extra", "TEXT", 0),
    ]
    assert [row[1:3] for row in connection.execute("PRAGMA table_info(imported)")] == [
        ("at", "REAL"),
        ("name", "TEXT"),
        ("items", "INTEGER"),
    ]
    connection.close()


def _spoiled(path: Path, kind: str) -> None:
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "short":
        path.write_bytes(path.read_bytes()[:50])
    elif kind == "text":
        path.write_bytes(b"id,text\n" + b"a,b\n" * 100)
    elif kind == "zeroed":
        data = bytearray(path.read_bytes())
        data[4096:8192] = bytes(4096)
        path.write_bytes(data)
    elif kind == "cut":
        path.write_bytes(path.read_bytes()[:4096])


@pytest.mark.parametrize("kind", ["empty", "short", "text", "zeroed", "cut"])
def test_a_damaged_file_is_named_and_left_alone(path: Path, kind: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.executemany(
            "INSERT INTO item VALUES (?, ?, ?, NULL, NULL, NULL)", [(k, f"i{k}", "x" * 200) for k in range(99)]
        )
    connection.close()
    _spoiled(path, kind)
    before = path.read_bytes()
    for read_only in (True, False):
        with pytest.raises(StateError, match=r"items\.db is damaged") as caught:
            open_file(path, read_only=read_only)
        assert caught.value.code == "Corrupt"
        assert "querist restore" in str(caught.value)
    assert path.read_bytes() == before


def test_a_foreign_and_a_newer_file_are_refused(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE item (id TEXT)")
    connection.close()
    with pytest.raises(StateError, match="no item file of querist") as caught:
        open_file(other, read_only=True)
    assert caught.value.code == "NotItems"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(StateError, match="schema version 2, and this program knows versions up to 1") as caught:
        open_file(path, read_only=False)
    assert caught.value.code == "NewerSchema"


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="there are no items at") as caught:
        open_file(tmp_path / "items.db", read_only=True)
    assert caught.value.code == "NoItems"
    with pytest.raises(ResourceError, match="folder must be there") as refused:
        create_file(tmp_path / "nowhere" / "items.db")
    assert refused.value.code == "NotWritable"
    (tmp_path / "items.db-wal").write_bytes(b"x" * 64)
    with pytest.raises(StateError, match=r"while its log items\.db-wal is there"):
        create_file(tmp_path / "items.db")


def test_what_a_killed_maker_left_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / ".new-items.db").write_bytes(b"half")
    (tmp_path / ".new-items.db-journal").write_bytes(b"half")
    create_file(tmp_path / "items.db")
    open_file(tmp_path / "items.db", read_only=True).close()
    assert not list(tmp_path.glob(".new-*"))
