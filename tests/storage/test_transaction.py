"""Work within the writer's transaction: events and their tables, all or nothing, each event chained to the one before."""

from __future__ import annotations

from pathlib import Path

import pytest

from querist.core.errors import QueristError
from querist.core.types import Event
from querist.storage import SqliteStore
from querist.storage.events import chain, encode, first_digest
from querist.storage.transaction import Transaction, end_of


def note(n: int) -> Event:
    return Event("note", {"n": n})


def test_events_are_numbered_stamped_and_chained(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "journal.db", clock=lambda: 77.0) as store:
        with store.transaction() as work:
            assert end_of(work.connection, "main") == (0, first_digest("main"))
            assert work.append("main", [note(1), Event("note", {"n": 2}, at=5.0)]) == 2
            assert work.append("main", []) == 2
            assert work.append("other", [note(3)]) == 1
            digest = first_digest("main")
            for seq, at, event in ((1, 77.0, note(1)), (2, 5.0, note(2))):
                digest = chain(digest, seq, at, "note", encode(event))
            assert end_of(work.connection, "main") == (2, digest)
        assert [(e.seq, e.at, e.payload["n"]) for e in store.read("main")] == [(1, 77.0, 1), (2, 5.0, 2)]
        assert [e.payload["n"] for e in store.read("other")] == [3]


def test_an_event_and_its_tables_are_there_at_once_for_the_same_work(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "journal.db") as store, store.transaction() as work:
        work.append("main", [Event("told", {"answers": [{"item": "a", "kind": "label", "value": "cat"}]})])
        assert work.connection.execute("SELECT id, state, value FROM item").fetchall() == [("a", "labelled", '"cat"')]
        assert work.connection.execute("SELECT state, items FROM tally").fetchall() == [("labelled", 1)]


def test_others_see_nothing_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with SqliteStore(path) as store, SqliteStore(path, read_only=True) as other:
        with store.transaction() as work:
            work.append("main", [note(1)])
            assert other.last("main") == 0
        assert other.last("main") == 1


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([note(1), Event("note", {"n": float("nan")})], "BadEvent"),
        ([note(1), Event("asked", {"query": "q0"})], "BadEvent"),
        ([note(1), Event("", {})], "BadEvent"),
        ([note(1), Event("told", {"answers": [{"item": "a", "kind": "praise"}]})], "BadEvent"),
    ],
)
def test_an_event_that_cannot_be_kept_is_refused_with_those_beside_it(
    tmp_path: Path, events: list[Event], code: str
) -> None:
    with SqliteStore(tmp_path / "journal.db") as store:
        with store.transaction() as work:
            with pytest.raises(QueristError) as caught:
                work.append("main", events)
            assert caught.value.code == code
            assert work.append("main", [note(9)]) == 1, "the work may go on"
        assert [e.payload["n"] for e in store.read("main")] == [9]


def test_an_expected_end_is_compared(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "journal.db") as store, store.transaction() as work:
        assert work.append("main", [note(1)], expected=0) == 1
        with pytest.raises(QueristError) as caught:
            work.append("main", [note(2)], expected=0)
        assert caught.value.code == "Conflict"
        with pytest.raises(QueristError) as caught:
            work.append("main", [note(2)], expected=True)
        assert caught.value.code == "BadExpected"
        with pytest.raises(QueristError) as caught:
            work.append("", [note(2)])
        assert caught.value.code == "BadStream"
        assert work.append("main", [note(2)], expected=1) == 2


def test_a_failure_takes_all_back(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "journal.db") as store:

        def half(work: Transaction) -> None:
            work.append("main", [Event("told", {"answers": [{"item": "a", "kind": "skip"}]})])
            work.connection.execute("INSERT INTO queue VALUES (0, 'a', NULL, 'r', 'queue')")
            raise KeyboardInterrupt

        def run() -> None:
            with store.transaction() as work:
                half(work)

        with pytest.raises(KeyboardInterrupt):
            run()
        with store.transaction() as work:
            for table in ("event", "item", "answer", "queue", "tally", "status"):
                assert work.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table


def test_a_damaged_end_is_named(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "journal.db") as store:
        store.append("main", [note(1)])
        assert store._connection is not None
        store._connection.execute("DROP TRIGGER event_is_never_changed")
        store._connection.execute("PRAGMA ignore_check_constraints = ON").close()
        store._connection.execute("UPDATE event SET digest = 'sixteen letters!'")
        with pytest.raises(QueristError) as caught:
            store.append("main", [note(2)])
        assert caught.value.code == "Corrupt"
