"""Projections of the labelling page: the tables always say what the ledger says, and a refold changes nothing."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from querist.core.types import Event
from querist.data.arrays import text_source
from querist.data.ledger import ItemState, Ledger
from querist.data.schema import SingleLabel
from querist.storage import SqliteStore
from querist.storage.projections import TABLES
from querist.storage.transaction import Transaction

ITEMS = [f"i{k}" for k in range(8)]
WORDS = {ItemState.UNLABELLED: "unlabelled", ItemState.PENDING: "pending", ItemState.LABELLED: "labelled"}
WORDS |= {ItemState.SKIPPED: "skipped", ItemState.REJECTED: "rejected"}


def asked(turn: int, item: str, person: str = "anna", **more: object) -> Event:
    payload = {"query": f"q{turn}", "turn": turn, "items": [item], "strategy": "random", "scores": [None]}
    return Event("asked", {**payload, "reasons": [""], "user": person, "until": 100.0, "role": "queue", **more})


def told(turn: int, item: str, value: object, kind: str = "label", person: str = "anna") -> Event:
    answer = {"item": item, "kind": kind, "value": value, "annotator": person, "seconds": 2.0}
    return Event("told", {"query": f"q{turn}", "answers": [answer], "user": person, "fence": turn, "role": "queue"})


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


class History:
    """Draws events that may follow each other."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.turn = 0
        self.seq = 1
        self.open: dict[str, int] = {}
        self.answered: list[tuple[int, str, int]] = []
        self.classes = ["cat", "dog", "owl"]

    def step(self) -> Event:
        what = self.rng.choice(["ask", "ask", "tell", "tell", "tell", "return", "undo", "rename", "merge"])
        free = [i for i in ITEMS if i not in self.open]
        event = Event("note", {})
        if what == "ask" and free:
            item = self.rng.choice(free)
            before = [q for q, i, _ in self.answered if i == item]
            event = asked(self.turn, item, **({"replaces": f"q{before[-1]}"} if before else {}))
            self.open[item] = self.turn
            self.turn += 1
        elif what == "tell" and self.open:
            item = self.rng.choice(list(self.open))
            kind = self.rng.choice(["label", "label", "distribution", "skip", "reject"])
            name = self.rng.choice(self.classes)
            value = {"label": name, "distribution": {name: 0.5, self.classes[0]: 0.5}}.get(kind)
            turn = self.open.pop(item)
            event = told(turn, item, value, kind)
            self.answered.append((turn, item, self.seq + 1))
        elif what == "return" and self.open:
            item = self.rng.choice(list(self.open))
            event = Event("returned", {"query": f"q{self.open.pop(item)}", "items": [item], "why": "expired"})
        elif what == "undo" and self.answered and self.answered[-1][1] not in self.open:
            turn, item, seq = self.answered.pop()
            event = Event("undone", {"query": f"q{turn}", "items": [item], "seq": seq, "user": "anna"})
        elif what == "rename":
            place = self.rng.randrange(len(self.classes))
            old, self.classes[place] = self.classes[place], f"class {self.seq}"
            event = Event("class_renamed", {"class": old, "to": self.classes[place]})
        elif what == "merge" and len(self.classes) > 1:
            old = self.classes.pop()
            event = Event("class_merged", {"class": old, "into": self.classes[0]})
        self.seq += 1
        return event


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
            table = {str(r[0]): (r[1], r[2]) for r in rows(store, "SELECT id, state, value FROM item")}
            for row, item in enumerate(ITEMS):
                state = WORDS[ItemState(ledger.states[row])]
                found, value = table.get(item, ("unlabelled", None))
                assert found == state, (item, event)
                label = ledger._labels.get(row)
                assert (None if value is None else json.loads(str(value))) == (None if label is None else label.value)
        assert [r[0] for r in rows(store, "SELECT name FROM class ORDER BY place")] == history.classes
        SingleLabel(tuple(history.classes))
        before = {t: rows(store, f"SELECT * FROM {t}") for t in TABLES}
        store.refold()
        assert before == {t: rows(store, f"SELECT * FROM {t}") for t in TABLES}


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
