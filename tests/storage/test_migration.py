"""Schema versions: from the first on, all or nothing, never backwards."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from querist.core.errors import StateError
from querist.core.types import Event
from querist.storage import SqliteStore
from querist.storage.connection import open_writer
from querist.storage.migration import APPLICATION_ID, Migration, known, newest, schema_version, upgrade

ASSETS = Path(__file__).parent / "assets"
TOP = newest()
SECOND = Migration(TOP + 1, "colour", "-- a column\nALTER TABLE item ADD COLUMN colour TEXT;\n")
THIRD = Migration(
    TOP + 2,
    "watch",
    "CREATE TABLE seen (n INTEGER);\nCREATE TRIGGER watch AFTER INSERT ON seen BEGIN\n  SELECT 1;\n  SELECT 2;\nEND;\n",
)
BROKEN = Migration(TOP + 2, "broken", "CREATE TABLE extra (x);\nINSERT INTO nowhere VALUES (1);\n")
KINDS = {
    "schema_0001.sql": ["created", "asked", "told", "fitted", "class_added", "told", "stopped"],
    "schema_0002.sql": ["created", "asked", "told", "asked", "told", "undone", "asked", "told", "asked", "returned"],
}


def memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


def schema(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    return sorted(connection.execute("SELECT name, coalesce(sql, '') FROM sqlite_master"))


def test_scripts_are_numbered_and_ship() -> None:
    scripts = known()
    assert [m.number for m in scripts] == list(range(1, len(scripts) + 1))
    assert scripts[0].name == "journal"
    assert newest() == len(scripts)


def test_from_nothing_to_the_newest() -> None:
    connection = memory()
    assert schema_version(connection) == 0
    assert upgrade(connection, Path("x")) == newest()
    assert schema_version(connection) == newest()
    assert connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    created = connection.execute("SELECT value FROM meta WHERE key = 'created_by'").fetchone()[0]
    assert created.startswith("querist ")
    before = schema(connection)
    assert upgrade(connection, Path("x")) == newest()
    assert schema(connection) == before
    connection.close()


def test_step_by_step_is_the_same_as_at_once() -> None:
    scripts = (*known(), SECOND, THIRD)
    once, slowly = memory(), memory()
    upgrade(once, Path("x"), scripts)
    for n in range(1, TOP + 3):
        assert upgrade(slowly, Path("x"), scripts[:n]) == n
    assert schema(once) == schema(slowly)
    once.close()
    slowly.close()


def test_a_trigger_is_one_statement() -> None:
    assert len(list(THIRD.statements())) == 2
    with pytest.raises(StateError, match="middle of a statement"):
        list(Migration(9, "x", "CREATE TABLE a (x)").statements())


def test_a_failed_step_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with SqliteStore(path) as store:
        store.append("main", [Event("note", {"n": 1})])
    before = path.read_bytes()
    connection = open_writer(path)
    with pytest.raises(StateError) as caught:
        upgrade(connection, path, (*known(), SECOND, BROKEN))
    assert caught.value.code == "BadMigration"
    for words in (str(path), f"from schema {TOP} to {TOP + 2}", f"step {TOP + 2:04d}", "nowhere", "as it was"):
        assert words in str(caught.value)
    assert schema_version(connection) == TOP
    assert "extra" not in dict(schema(connection))
    assert "colour" not in dict(schema(connection))["item"]
    connection.close()
    assert path.read_bytes() == before
    with SqliteStore(path) as store:
        assert store.last("main") == 1


def test_a_newer_file_is_refused_untouched_with_both_versions(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    SqliteStore(path).close()
    connection = open_writer(path)
    connection.execute("UPDATE meta SET value = '7' WHERE key = 'schema_version'")
    connection.close()
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(StateError) as caught:
            SqliteStore(path, read_only=read_only)
        assert caught.value.code == "NewerSchema"
        assert caught.value.exit_code == 4
        for words in (str(path), "schema version 7", f"versions up to {newest()}", "install a newer querist"):
            assert words in str(caught.value)
    assert path.read_bytes() == before


def test_an_older_file_is_not_read_without_being_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.db"
    with SqliteStore(path) as store:
        store.append("main", [Event("note", {"n": 1})])
    scripts = known()
    monkeypatch.setattr("querist.storage.migration.known", lambda: (*scripts, SECOND))
    with pytest.raises(StateError) as caught:
        SqliteStore(path, read_only=True)
    assert caught.value.code == "OlderSchema"
    with SqliteStore(path) as store:  # opening it for writing brings it up to date
        assert [e.payload for e in store.read("main")] == [{"n": 1}]
    with SqliteStore(path, read_only=True) as store:
        assert store.last("main") == 1
    connection = sqlite3.connect(path)
    assert schema_version(connection) == TOP + 1
    connection.close()


@pytest.mark.parametrize("asset", sorted(p.name for p in ASSETS.glob("schema_*.sql")))
def test_each_released_schema_opens_in_this_version(asset: str, tmp_path: Path) -> None:
    """One dump per released schema, written by that version; all its events and tables are there after opening."""
    path = tmp_path / "journal.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript((ASSETS / asset).read_text(encoding="utf-8"))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.close()
    with SqliteStore(path) as store:
        kinds = [e.kind for e in store.read("main")]
        assert kinds[: len(KINDS[asset])] == KINDS[asset]
        assert store.append("main", [Event("note", {})], expected=len(kinds)) == len(kinds) + 1
    from querist.storage.doctor import doctor

    assert [f for f in doctor(tmp_path) if f.severity == "error"] == []


def test_there_is_an_asset_for_every_schema() -> None:
    assert len(list(ASSETS.glob("schema_*.sql"))) == newest()


def test_tables_that_an_older_file_did_not_have_are_filled(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript((ASSETS / "schema_0001.sql").read_text(encoding="utf-8"))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.close()
    SqliteStore(path).close()
    connection = sqlite3.connect(path)
    names = [r[0] for r in connection.execute("SELECT name FROM class ORDER BY place")]
    assert names == ["bird"]
    assert connection.execute("SELECT 1 FROM meta WHERE key = 'refold'").fetchone() is None
    connection.close()
