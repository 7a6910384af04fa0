"""Tallies: after whatever was answered, undone, flagged, renamed and merged they are what a plain count says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.types import Event
from querist.storage import SqliteStore
from querist.storage.projections import TALLIES
from querist.storage.tallies import classes_of

ITEMS = "abcde"
CLASSES = ("cat", "dog", "owl")


def rows(store: SqliteStore, sql: str) -> list[Any]:
    assert store._connection is not None
    return store._connection.execute(sql).fetchall()


def plain(store: SqliteStore) -> dict[str, Any]:
    """Everything counted one by one."""
    classes: Counter[str] = Counter()
    for (text,) in rows(store, "SELECT value FROM item WHERE state = 'labelled' AND value IS NOT NULL"):
        value = json.loads(text)
        if isinstance(value, str):
            classes[value] += 1
        if isinstance(value, list):
            for name in (*CLASSES, "new", "x"):
                classes[name] += any(name == part or (isinstance(part, list) and name == part[2]) for part in value)
        if isinstance(value, dict):
            best = sorted(value.items(), key=lambda pair: -pair[1])[0]  # the first of equals: sorting is stable
            classes[best[0]] += 1
    answers, seconds = rows(store, "SELECT count(*), coalesce(sum(seconds), 0) FROM answer WHERE counted")[0]
    states = dict(rows(store, "SELECT state, count(*) FROM item GROUP BY state"))
    states["flagged"] = rows(store, "SELECT count(*) FROM flag")[0][0]
    return {"classes": +classes, "answers": answers, "ms": round(1000 * seconds), "states": +Counter(states)}


def kept(store: SqliteStore) -> dict[str, Any]:
    """What the tallies say, without what is 0."""
    answers, ms = (rows(store, "SELECT answers, ms FROM answer_tally WHERE stream = 'main'") or [(0, 0)])[0]
    assert not [r for t in ("tally", "class_tally") for r in rows(store, f"SELECT * FROM {t} WHERE items < 0")]
    return {
        "classes": +Counter(dict(rows(store, "SELECT class, items FROM class_tally"))),
        "answers": answers,
        "ms": ms,
        "states": +Counter(dict(rows(store, "SELECT state, items FROM tally"))),
    }


SHARES = st.permutations(CLASSES).flatmap(
    lambda names: st.lists(st.sampled_from([0.0, 0.25, 0.5]), min_size=1, max_size=3).map(
        lambda shares: dict(zip(names, shares, strict=False))
    )
)
SPANS = st.lists(
    st.tuples(st.just(0), st.integers(1, 9), st.sampled_from(CLASSES)).map(lambda span: list(span)), max_size=3
)
VALUES = st.one_of(
    st.sampled_from(CLASSES).map(lambda v: ("label", v)),
    st.lists(st.sampled_from(CLASSES), unique=True).map(lambda v: ("label", v)),
    SPANS.map(lambda v: ("label", v)),
    st.sampled_from([1.5, 2]).map(lambda v: ("label", v)),
    SHARES.map(lambda v: ("distribution", v)),
    st.sampled_from([("skip", None), ("reject", None), ("verification", True)]),
)
SECONDS = st.sampled_from([None, 0.0, 0.125, 1.5, 2])
ANSWERS = st.tuples(st.sampled_from(ITEMS), VALUES, SECONDS)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("asked"), st.sampled_from(ITEMS)),
        st.tuples(st.just("told"), st.lists(ANSWERS, min_size=1, max_size=3)),
        st.tuples(st.just("told"), st.lists(ANSWERS, min_size=1, max_size=1)),
        st.tuples(st.just("undone"), st.integers(0, 9)),
        st.tuples(st.just("flagged"), st.tuples(st.sampled_from(ITEMS), st.booleans())),
        st.tuples(st.just("class_renamed"), st.sampled_from(CLASSES)),
        st.tuples(st.just("class_merged"), st.permutations(CLASSES)),
    ),
    max_size=20,
)


class Journal:
    """Makes events of steps that may follow each other."""

    def __init__(self) -> None:
        self.turn = self.seq = 0
        self.told: list[tuple[int, str, str | None]] = []

    def event(self, kind: str, what: Any) -> Event | None:
        made: Callable[[Any], Event | None] = getattr(self, f"_{kind}")
        event = made(what)
        self.seq += event is not None
        return event

    def _asked(self, item: str) -> Event:
        self.turn += 1
        return Event("asked", {"query": f"q{self.turn}", "turn": self.turn, "items": [item]})

    def _told(self, answers: list[tuple[str, tuple[str, Any], float | None]]) -> Event:
        said = [{"item": i, "kind": kind, "value": v, "seconds": s} for i, (kind, v), s in answers]
        if len(said) == 1:
            self.told.append((self.seq + 1, answers[0][0], f"p{self.seq}"))
        return Event("told", {"query": f"p{self.seq}", "answers": said})

    def _undone(self, which: int) -> Event | None:
        if not self.told:
            return None
        seq, item, query = self.told.pop(which % len(self.told))
        return Event("undone", {"query": query, "items": [item], "seq": seq, "user": "anna"})

    def _flagged(self, what: tuple[str, bool]) -> Event:
        return Event("flagged", {"item": what[0], "flag": what[1]})

    def _class_renamed(self, name: str) -> Event:
        return Event("class_renamed", {"class": name, "to": "new" if self.turn % 2 else "x"})

    def _class_merged(self, names: list[str]) -> Event:
        return Event("class_merged", {"class": names[0], "into": names[1]})


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_tallies_are_what_a_plain_count_says_and_a_refold_changes_nothing(
    steps: list[tuple[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    journal = Journal()
    with SqliteStore(tmp_path_factory.mktemp("p") / "journal.db") as store:
        for step in steps:
            event = journal.event(*step)
            if event is not None:
                store.append("main", [event])
            assert kept(store) == plain(store), step
        before = {t: rows(store, f"SELECT * FROM {t}") for t in TALLIES}
        assert store._connection is not None
        store._connection.execute("UPDATE tally SET items = items + 3")
        store._connection.execute("INSERT INTO class_tally VALUES ('main', 'ghost', 5)")
        store._connection.execute("DELETE FROM answer_tally")
        store.refold()
        assert {t: rows(store, f"SELECT * FROM {t}") for t in TALLIES} == before


@pytest.mark.parametrize(
    ("label", "classes"),
    [
        (None, []),
        ('"cat"', ["cat"]),
        ('["cat", "dog", "cat"]', ["cat", "dog"]),
        ('[[0, 2, "cat"], [3, 4, "cat"]]', ["cat"]),
        ('{"cat": 0.5, "dog": 0.5}', ["cat"]),
        ("{}", []),
        ("[]", []),
        ("3", []),
        ("true", []),
    ],
)
def test_classes_by_hand(label: str | None, classes: list[str]) -> None:
    assert sorted(classes_of(label)) == classes


def test_a_transaction_that_fails_leaves_the_tallies(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "journal.db") as store:
        told = Event("told", {"query": None, "answers": [{"item": "a", "kind": "label", "value": "cat"}]})
        store.append("main", [told])

        def fails() -> None:
            with store.transaction() as work:
                work.append("main", [Event("class_renamed", {"class": "cat", "to": "dog"}), told])
                raise ValueError("never")

        with pytest.raises(ValueError, match="never"):
            fails()
        assert kept(store) == plain(store) == {"classes": {"cat": 1}, "answers": 1, "ms": 0, "states": {"labelled": 1}}
