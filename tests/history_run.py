"""Draw histories of a labelling project and compare its tables with the ledger: python tests/history_run.py 100000

Each history is a stream of a journal: hand-outs, answers of every kind, changes, undone answers, renamed and merged
classes. At its end the tables must say what the ledger says of the same events, and folding the whole journal anew must
give the same tables: nothing that was told is gone, and the journal alone tells all (promise R8).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

from querist.core.types import Event
from querist.data.arrays import text_source
from querist.data.ledger import ItemState, Ledger
from querist.storage import SqliteStore
from querist.storage.projections import TABLES

__all__ = ["ITEMS", "History", "asked", "campaign", "expected", "shown", "told"]

ITEMS = [f"i{k}" for k in range(8)]
WORDS = {ItemState.UNLABELLED: "unlabelled", ItemState.PENDING: "pending", ItemState.LABELLED: "labelled"}
WORDS |= {ItemState.SKIPPED: "skipped", ItemState.REJECTED: "rejected"}


def asked(turn: int, item: str, person: str = "anna", **more: object) -> Event:
    """An item handed out."""
    payload = {"query": f"q{turn}", "turn": turn, "items": [item], "strategy": "random", "scores": [None]}
    return Event("asked", {**payload, "reasons": [""], "user": person, "until": 100.0, "role": "queue", **more})


def told(turn: int, item: str, value: object, kind: str = "label", person: str = "anna") -> Event:
    """An answer."""
    answer = {"item": item, "kind": kind, "value": value, "annotator": person, "seconds": 2.0}
    return Event("told", {"query": f"q{turn}", "answers": [answer], "user": person, "fence": turn, "role": "queue"})


class History:
    """Draws events that may follow each other.

    Args:
        seed: of the draw.
    """

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.turn = 0
        self.seq = 1
        self.open: dict[str, int] = {}
        self.answered: list[tuple[int, str, int]] = []
        self.classes = ["cat", "dog", "owl"]

    def step(self) -> Event:
        """The next event."""
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


def shown(store: SqliteStore, stream: str) -> dict[str, tuple[str, object]]:
    """State and label of each item, as the tables say."""
    with store.transaction() as work:
        rows = work.connection.execute("SELECT id, state, value FROM item WHERE stream = ?", (stream,)).fetchall()
    table = {str(i): (str(s), None if v is None else json.loads(v)) for i, s, v in rows}
    return {item: table.get(item, ("unlabelled", None)) for item in ITEMS}


def expected(ledger: Ledger) -> dict[str, tuple[str, object]]:
    """State and label of each item, as the ledger says."""
    out: dict[str, tuple[str, object]] = {}
    for row, item in enumerate(ITEMS):
        label = ledger._labels.get(row)
        out[item] = (WORDS[ItemState(ledger.states[row])], None if label is None else label.value)
    return out


def _drawn(seed: int) -> tuple[list[Event], Ledger]:
    history, ledger = History(seed), Ledger(text_source(ITEMS, ids=ITEMS), on_conflict="latest")
    events = [Event("created", {"spec": {}, "schema": {"kind": "single", "classes": list(history.classes)}})]
    events += [history.step() for _ in range(history.rng.randrange(5, 60))]
    for event in events[1:]:
        ledger.apply(event)
    return events, ledger


def campaign(histories: int, seed: int = 0, together: int = 1_000) -> tuple[int, list[str]]:
    """Histories drawn, and what was wrong; ``together`` of them share a journal."""
    wrong: list[str] = []
    for first in range(0, histories, together):
        with tempfile.TemporaryDirectory() as folder, SqliteStore(Path(folder) / "journal.db") as store:
            for k in range(first, min(first + together, histories)):
                events, ledger = _drawn(seed * histories + k)
                store.append(f"h{k}", events)
                if shown(store, f"h{k}") != expected(ledger):
                    wrong.append(f"history {k}: {shown(store, f'h{k}')}, and the ledger says {expected(ledger)}")
            before = _tables(store)
            store.refold()
            after = _tables(store)
            wrong += [f"histories from {first}: {t} is another after a refold" for t in TABLES if before[t] != after[t]]
    return histories, wrong


def _tables(store: SqliteStore) -> dict[str, list[tuple[object, ...]]]:
    with store.transaction() as work:
        return {t: sorted(work.connection.execute(f"SELECT * FROM {t}").fetchall(), key=repr) for t in TABLES}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("histories", type=int, nargs="?", default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    histories, wrong = campaign(options.histories, options.seed)
    print(f"{histories} histories, {len(wrong)} at fault")
    for line in wrong[:20]:
        print(line)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
