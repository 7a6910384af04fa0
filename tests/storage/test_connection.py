"""Opening: settings of every connection, and what is refused."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from querist.core.errors import ResourceError, StateError
from querist.core.types import Event
from querist.storage import SqliteStore
from querist.storage.connection import create_file, open_reader, open_writer, reader
from querist.storage.lock import FileLock


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    with SqliteStore(path) as store:
        store.append("main", [Event("note", {"text": f"number {n} " * 20}) for n in range(400)])
    return path


def setting(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def test_every_writer_is_durable(journal: Path) -> None:
    connection = open_writer(journal)
    assert setting(connection, "journal_mode") == "wal"
    assert setting(connection, "synchronous") == 2
    assert setting(connection, "foreign_keys") == 1
    assert setting(connection, "busy_timeout") == 5000
    assert setting(connection, "mmap_size") == 0
    assert connection.isolation_level is None
    connection.close()


def test_a_reader_cannot_write(journal: Path) -> None:
    with reader(journal) as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("INSERT INTO meta VALUES ('a', 'b')")


def test_a_new_file_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    (tmp_path / ".new-journal.db").write_bytes(b"what a killed process left")
    create_file(path)
    assert [p.name for p in tmp_path.iterdir()] == ["journal.db"]
    open_writer(path).close()


def test_a_log_without_its_file_is_damage(journal: Path) -> None:
    journal.rename(journal.with_name("journal.db-wal"))
    with pytest.raises(StateError) as caught:
        SqliteStore(journal)
    assert caught.value.code == "Corrupt"
    assert "journal.db-wal is there" in str(caught.value)
    assert not journal.exists()


@pytest.mark.parametrize("size", [0, 50, 99, 100, 5000])
def test_a_file_cut_short_is_refused_and_left_alone(journal: Path, size: int) -> None:
    content = journal.read_bytes()[:size]
    journal.write_bytes(content)
    for read_only in (False, True):
        with pytest.raises(StateError) as caught:
            SqliteStore(journal, read_only=read_only)
        assert caught.value.code == "Corrupt"
        assert caught.value.exit_code == 4
        assert str(journal) in str(caught.value)
        assert "querist restore" in str(caught.value)
    assert journal.read_bytes() == content


def test_rubbish_is_refused(journal: Path) -> None:
    journal.write_bytes(b"\x89PNG rubbish " * 1000)
    with pytest.raises(StateError) as caught:
        SqliteStore(journal)
    assert caught.value.code == "Corrupt"


def test_a_zeroed_page_is_found_when_opening(journal: Path) -> None:
    content = bytearray(journal.read_bytes())
    assert len(content) > 20 * 4096
    content[12 * 4096 : 13 * 4096] = bytes(4096)
    journal.write_bytes(content)
    with pytest.raises(StateError) as caught:
        SqliteStore(journal)
    assert caught.value.code == "Corrupt"
    assert "quick_check" in str(caught.value)
    FileLock(journal.with_name("journal.db.lock"), "it").release()  # a refusal leaves no lock behind


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE songs (title)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StateError) as caught:
        SqliteStore(path)
    assert caught.value.code == "NotAJournal"
    assert path.read_bytes() == before


@pytest.mark.parametrize("read_only", [False, True])
def test_a_missing_journal(tmp_path: Path, read_only: bool) -> None:
    with pytest.raises(StateError) as caught:
        SqliteStore(tmp_path / "x.db", create=False, read_only=read_only)
    assert caught.value.code == "NoJournal"
    assert "querist init" in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ResourceError) as missing:
        SqliteStore(tmp_path / "no" / "x.db")
    assert missing.value.code == "NotWritable"


def test_odd_names_are_only_names(tmp_path: Path) -> None:
    path = tmp_path / "a b?mode=memory#ä%20.db"
    with SqliteStore(path) as store:
        store.append("main", [Event("note", {})])
    assert path.exists()
    connection = open_reader(path)
    assert connection.execute("SELECT count(*) FROM event").fetchone()[0] == 1
    connection.close()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="a superuser may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(ResourceError) as caught:
            SqliteStore(tmp_path / "journal.db")
        assert caught.value.code == "NotWritable"
    finally:
        tmp_path.chmod(0o700)
