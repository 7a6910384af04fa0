"""The index of rows by state, label and flag: after every event it says what a plain look at the tables says."""

from __future__ import annotations

import json
import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from querist.core.types import Event
from querist.data.item_store import ItemStore, Record
from querist.server import item_index as module
from querist.server.item_index import ItemIndex
from querist.storage import SqliteStore
from querist.storage.connection import open_reader

STATES = ("unlabelled", "pending", "labelled", "skipped", "rejected")


def rows(index: ItemIndex, **filters: Any) -> list[int]:
    return [row for piece in index.rows(**filters) for row in piece.tolist()]


class World:
    """A journal and contents, and a connection that sees both."""

    def __init__(self, folder: Path, count: int) -> None:
        self.items = ItemStore(folder / "items.db")
        self.store = SqliteStore(folder / "journal.db")
        self.store.append("main", [Event("created", {"spec": {}})])
        self.more(count)
        self.connection: sqlite3.Connection = open_reader(folder / "journal.db")
        self.connection.execute("ATTACH DATABASE ? AS contents", (f"{(folder / 'items.db').as_uri()}?mode=ro",))
        self.turn = 0

    def more(self, count: int) -> None:
        have = len(self.items)
        self.items.add([Record(id=f"i{have + k}", text="t") for k in range(count)], "more")

    def tell(self, item: str, kind: str, value: Any) -> int:
        self.turn += 1
        answer = {"item": item, "kind": kind, "value": value}
        return self.store.append("main", [Event("told", {"query": f"q{self.turn}", "answers": [answer]})])

    def plain(self, state: str | None, label: str | None, flag: bool | None, after: int) -> list[int]:
        """Walk all items."""
        flagged = {r[0] for r in self.connection.execute("SELECT item FROM flag")}
        said = {r[0]: (r[1], r[2]) for r in self.connection.execute("SELECT id, state, value FROM item")}
        out = []
        for row in range(after + 1, len(self.items)):
            now, value = said.get(f"i{row}", ("unlabelled", None))
            named = now == "labelled" and value is not None and json.dumps(label) in value
            if state in (None, now) and (label is None or named) and flag in (None, f"i{row}" in flagged):
                out.append(row)
        return out

    def check(self, *indexes: ItemIndex) -> None:
        for index in indexes:
            index.follow(self.connection)
            for state in (None, *STATES):
                for label, flag, after in ((None, None, -1), ("cat", None, -1), (None, True, -1), ("c1", False, 3)):
                    found = rows(index, state=state, label=label, flag=flag, after=after)
                    assert found == self.plain(state, label, flag, after), (state, label, flag, after)

    def close(self) -> None:
        self.connection.close()
        self.items.close()
        self.store.close()


def step(world: World, rng: random.Random, classes: list[str], told: list[tuple[int, str]]) -> None:
    """Something happens."""
    item = f"i{rng.randrange(len(world.items))}"
    what = rng.choice(["tell"] * 5 + ["ask", "return", "undo", "flag", "unflag", "rename", "merge", "import"])
    if what == "tell":
        name = rng.choice(classes)
        kind, value = rng.choice([
            ("label", name), ("label", [name, "dog"]), ("label", [[0, 2, name]]), ("distribution", {name: 0.5, "dog": 0.5}),
            ("skip", None), ("reject", None),
        ])  # fmt: skip
        told.append((world.tell(item, kind, value), item))
    elif what == "ask":
        world.turn += 1
        world.store.append("main", [Event("asked", {"query": f"q{world.turn}", "turn": world.turn, "items": [item]})])
    elif what == "return":
        world.store.append("main", [Event("returned", {"query": "q0", "items": [item]})])
    elif what == "undo" and told:
        seq, item = told.pop()
        world.store.append("main", [Event("undone", {"query": "q0", "items": [item], "seq": seq})])
    elif what in ("flag", "unflag"):
        world.store.append("main", [Event("flagged", {"item": item, "flag": what == "flag"})])
    elif what == "rename":
        old, new = rng.choice(classes), f"c{rng.randrange(3)}"
        world.store.append("main", [Event("class_renamed", {"class": old, "to": new})])
        classes[classes.index(old)] = new
    elif what == "merge":
        old, into = rng.choice(classes), rng.choice(classes)
        if old != into:
            world.store.append("main", [Event("class_merged", {"class": old, "into": into})])
    elif what == "import":
        world.more(2)


@pytest.mark.parametrize("seed", range(6))
def test_it_says_what_the_tables_say(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 5)
    monkeypatch.setattr(module, "_SPARE", 2)  # so that texts of no label are let go in the middle
    rng, classes, told = random.Random(seed), ["cat", "dog", "owl"], list[tuple[int, str]]()
    world = World(tmp_path, 8)
    steady, now_and_then = ItemIndex(), ItemIndex()
    for number in range(40):
        step(world, rng, classes, told)
        world.check(steady, *([now_and_then, ItemIndex()] if number % 9 == 8 else []))
    world.close()


def test_what_the_journal_tells_of_items_that_are_not_there_does_no_harm(tmp_path: Path) -> None:
    world = World(tmp_path, 3)
    world.tell("stranger", "label", "cat")
    world.store.append("main", [Event("flagged", {"item": "stranger", "flag": True})])
    world.tell("i1", "label", "cat")
    world.check(ItemIndex())
    world.close()


def test_a_look_reads_only_what_was_touched(tmp_path: Path) -> None:
    world = World(tmp_path, 60)
    for k in range(50):
        world.tell(f"i{k}", "label", "cat")
    index = ItemIndex()
    index.follow(world.connection)
    world.tell("i55", "label", "dog")
    texts: list[str] = []
    world.connection.set_trace_callback(texts.append)
    index.follow(world.connection)
    world.connection.set_trace_callback(None)
    plans = [r[3] for t in texts if "SELECT" in t for r in world.connection.execute(f"EXPLAIN QUERY PLAN {t}")]
    assert any("item_by_state (stream=? AND state=? AND last_seq>?)" in plan for plan in plans), plans
    assert not any(plan.startswith("SCAN") for plan in plans), plans
    assert rows(index, label="dog") == [55]
    world.close()
