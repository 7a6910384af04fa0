"""The tables: by hand, against the ledger's rules, and made anew."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.errors import StateError
from querist.core.types import Answer, Event
from querist.storage import SqliteStore
from querist.storage.projections import TABLES


def rows(store: SqliteStore, query: str) -> list[Any]:
    assert store._connection is not None
    return store._connection.execute(query).fetchall()


def asked(items: Sequence[str], turn: int = 0) -> Event:
    return Event("asked", {"query": f"q{turn}", "turn": turn, "items": list(items)})


def told(*answers: Answer, query: str | None = "q0") -> Event:
    return Event("told", {"query": query, "answers": [a.to_json() for a in answers]})


def test_by_hand(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "journal.db") as store:
        store.append(
            "main",
            [
                asked("abcdef"),
                told(
                    Answer.label("a", "cat", annotator="anna", cost=0.5),
                    Answer.skip("b"),
                    Answer.reject("c"),
                    Answer.distribution("d", {"cat": 0.25, "dog": 0.75}),
                ),
                Event("fitted", {"round": 0, "labels": 2, "cost": 3.5, "model": "ab", "metrics": {"accuracy": 0.5}}),
                Event("stopped", {"rule": "max_labels(2)", "text": "2 items are labelled"}),
            ],
        )
        assert rows(store, "SELECT id, state, value, answers, last_seq FROM item ORDER BY id") == [
            ("a", "labelled", '"cat"', 1, 2),
            ("b", "skipped", None, 1, 2),
            ("c", "rejected", None, 1, 2),
            ("d", "labelled", '{"cat": 0.25, "dog": 0.75}', 1, 2),
            ("e", "pending", None, 0, 1),
            ("f", "pending", None, 0, 1),
        ]
        columns = "seq, place, item, kind, value, annotator, cost, provenance, query"
        wanted = (2, 0, "a", "label", '"cat"', "anna", 0.5, "human", "q0")
        assert rows(store, f"SELECT {columns} FROM answer")[0] == wanted
        assert rows(store, "SELECT round, digest, labels, cost, metrics, seq FROM model") == [
            (0, "ab", 2, 3.5, '{"accuracy": 0.5}', 3)
        ]
        status = "SELECT turns, rounds, answers, cost, stopped_rule, stopped_text, last_seq FROM status"
        assert rows(store, status) == [(1, 1, 4, 3.5, "max_labels(2)", "2 items are labelled", 4)]
        store.append("main", [asked("g", turn=1)])
        assert rows(store, status) == [(2, 1, 4, 3.5, None, None, 5)]


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["ask", "label", "skip", "reject", "verify"]), st.sampled_from("abcd")),
    max_size=25,
)


def slow_states(actions: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The ledger's rules, one by one."""
    state: dict[str, str] = {}
    for action, item in actions:
        now = state.setdefault(item, "unlabelled")
        if action == "ask" and now == "unlabelled":
            state[item] = "pending"
        elif action == "label":
            state[item] = "labelled"
        elif action == "skip" and now != "labelled":
            state[item] = "skipped"
        elif action == "reject":
            state[item] = "rejected"
    return state


@settings(max_examples=30, deadline=None)
@given(actions=ACTIONS)
def test_states_follow_the_ledger_and_a_refold_changes_nothing(
    actions: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    make: dict[str, Callable[[str], Answer]] = {
        "label": lambda i: Answer.label(i, "cat"),
        "skip": Answer.skip,
        "reject": Answer.reject,
        "verify": lambda i: Answer.from_json({"item": i, "kind": "verification", "value": True}),
    }
    with SqliteStore(tmp_path_factory.mktemp("p") / "journal.db") as store:
        events = [asked([i], n) if a == "ask" else told(make[a](i)) for n, (a, i) in enumerate(actions)]
        store.append("main", events)
        assert dict(rows(store, "SELECT id, state FROM item")) == slow_states(actions)
        before = {t: rows(store, f"SELECT * FROM {t}") for t in TABLES}
        assert store.refold() == len(events)
        assert {t: rows(store, f"SELECT * FROM {t}") for t in TABLES} == before


def test_streams_are_apart(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "journal.db") as store:
        store.append("a", [asked("x")])
        store.append("b", [asked("xy"), told(Answer.label("x", "cat"))])
        assert rows(store, "SELECT stream, id, state FROM item ORDER BY stream, id") == [
            ("a", "x", "pending"),
            ("b", "x", "labelled"),
            ("b", "y", "pending"),
        ]


def test_a_refused_append_leaves_the_tables_alone(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "journal.db") as store:
        store.append("main", [asked("a")])
        with pytest.raises(StateError):
            store.append("main", [told(Answer.label("a", "cat"))], expected=7)
        assert rows(store, "SELECT state FROM item") == [("pending",)]
        assert rows(store, "SELECT count(*) FROM answer") == [(0,)]


def test_refold_mends_changed_tables(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with SqliteStore(path) as store:
        store.append("main", [asked("ab"), told(Answer.label("a", "cat"))])
        before = rows(store, "SELECT * FROM item")
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE item SET state = 'rejected'")
        connection.execute("DELETE FROM answer")
    connection.close()
    with SqliteStore(path) as store:
        assert rows(store, "SELECT * FROM item") != before
        assert store.refold() == 2
        assert rows(store, "SELECT * FROM item") == before
        assert json.loads(rows(store, "SELECT value FROM answer")[0][0]) == "cat"
