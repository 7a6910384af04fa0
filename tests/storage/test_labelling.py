"""Projections of the labelling page: the tables always say what the ledger says, and a refold changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from history_run import ITEMS, History, asked, campaign, expected, shown, told
from querist.core.types import Event
from querist.data.arrays import text_source
from querist.data.ledger import Ledger
from querist.data.schema import SingleLabel
from querist.storage import SqliteStore
from querist.storage.projections import TABLES
from querist.storage.transaction import Transaction


def rows(store: SqliteStore, sql: str) -> list[tuple[object, ...]]:
    assert store._connection is not None
    return store._connection.execute(sql).fetchall()


def test_two_people_never_share_a_place_and_one_person_never_gets_an_item_twice(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "journal.db") as store:
        store.append("main", [asked(0, "a", "anna", place=0), asked(1, "a", "ben", place=1)])
        for event in (asked(2, "a", "cleo", place=1), asked(2, "a", "anna", place=2)):
            with pytest.raises(Exception, match="UNIQUE"):
                store.append("main", [event])
        assert store.last("main") == 2


def test_a_returned_place_is_free_again(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "journal.db") as store:
        store.append("main", [asked(0, "a"), Event("returned", {"query": "q0", "items": ["a"], "why": "expired"})])
        assert rows(store, "SELECT state FROM item") == [("unlabelled",)]
        store.append("main", [asked(1, "a", "ben")])
        assert rows(store, "SELECT person FROM handed WHERE state = 'open'") == [("ben",)]


def test_a_changed_answer_that_is_undone_brings_the_first_one_back(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "journal.db") as store:
        store.append("main", [asked(0, "a"), told(0, "a", "cat"), asked(1, "a", replaces="q0"), told(1, "a", "dog")])
        assert rows(store, "SELECT value, answers FROM item") == [('"dog"', 2)]
        store.append("main", [Event("undone", {"query": "q1", "items": ["a"], "seq": 4, "user": "anna"})])
        assert rows(store, "SELECT state, value, answers FROM item") == [("labelled", '"cat"', 1)]
        assert rows(store, "SELECT query FROM handed WHERE state = 'answered'") == [("q0",)]


def test_flags_and_settings_keep_the_last_word(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "journal.db") as store:
        store.append("main", [Event("flagged", {"item": "a", "flag": True, "note": "odd", "user": "anna"})])
        store.append("main", [Event("configured", {"strategy": "margin", "control": 0.1})])
        store.append("main", [Event("configured", {"strategy": "badge"})])
        assert rows(store, "SELECT item, note FROM flag") == [("a", "odd")]
        assert dict(rows(store, "SELECT name, value FROM setting")) == {"strategy": '"badge"', "control": "0.1"}  # type: ignore[arg-type]
        store.append("main", [Event("flagged", {"item": "a", "flag": False})])
        assert rows(store, "SELECT * FROM flag") == []


@pytest.mark.parametrize("seed", range(12))
def test_the_tables_say_what_the_ledger_says_and_a_refold_changes_nothing(tmp_path: Path, seed: int) -> None:
    history = History(seed)
    source = text_source(ITEMS, ids=ITEMS)
    ledger = Ledger(source, on_conflict="latest")
    with SqliteStore(tmp_path / "journal.db") as store:
        first = Event("created", {"spec": {}, "schema": {"kind": "single", "classes": history.classes}})
        store.append("main", [first])
        for _ in range(80):
            event = history.step()
            store.append("main", [event])
            ledger.apply(event)
            assert shown(store, "main") == expected(ledger), event
        assert [r[0] for r in rows(store, "SELECT name FROM class ORDER BY place")] == history.classes
        SingleLabel(tuple(history.classes))
        before = {t: rows(store, f"SELECT * FROM {t}") for t in TABLES}
        store.refold()
        assert before == {t: rows(store, f"SELECT * FROM {t}") for t in TABLES}


def test_many_histories_in_one_journal() -> None:
    assert campaign(40, seed=5, together=20) == (40, [])


def test_a_transaction_takes_all_or_nothing(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "journal.db") as store:

        def half(work: Transaction) -> None:
            work.append("main", [asked(0, "a")])
            raise ValueError("never")

        def run() -> None:
            with store.transaction() as work:
                half(work)

        with pytest.raises(ValueError, match="never"):
            run()
        assert store.last("main") == 0
