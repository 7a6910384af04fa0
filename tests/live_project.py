"""A project as the labelling service makes it, for tests of the trainer: items, a journal, and somebody who answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from querist.core.types import Answer, Event
from querist.data.item_store import ItemStore, Record
from querist.data.schema import Number, Schema, SingleLabel
from querist.storage.sqlite_store import SqliteStore

ANIMALS = ("cat", "dog", "owl")
_WORDS = {
    "cat": ["purrs", "meows", "whiskers", "kitten", "claws", "mouse", "tail", "lazy", "sofa"],
    "dog": ["barks", "fetches", "puppy", "leash", "bone", "loyal", "walks", "park", "wolf"],
    "owl": ["hoots", "wings", "night", "feathers", "perch", "branch", "hunts", "silent", "wise"],
}


def animal_texts(count: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """Short texts about three animals, and which animal each is about."""
    generator = np.random.default_rng(seed)
    kinds = [ANIMALS[k] for k in generator.integers(0, 3, count)]
    texts = []
    for place, kind in enumerate(kinds):
        other = _WORDS[ANIMALS[int(generator.integers(0, 3))]]
        words = [*generator.choice(_WORDS[kind], 5), *generator.choice(other, 2), f"n{place}"]
        texts.append(" ".join(words))
    return texts, kinds


class LiveProject:
    """A project folder with a writer of its journal.

    Args:
        folder: where it is made.
        records: its items.
        schema: what a label may be.
        strategy: text of the strategy.
        **settings: of its making, in the ``created`` event.
    """

    def __init__(
        self, folder: Path, records: Sequence[Record], schema: Schema, *, strategy: str = "auto", **settings: Any
    ) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        with ItemStore(folder / "items.db") as items:
            items.add(records, "made")
            self.ids = items.ids()
        self.store = SqliteStore(folder / "journal.db")
        self.turn = 0
        self._answered: dict[str, str] = {}
        self.now = 1_700_000_000.0
        pool = {"items": len(self.ids), "digest": ""}
        created = {
            "spec": {"labelling": settings},
            "seed": 7,
            "strategy": strategy,
            "schema": schema.to_json(),
            "pool": pool,
        }
        self.write("created", created)

    @classmethod
    def of_texts(cls, folder: Path, count: int = 120, **more: Any) -> LiveProject:
        """Texts about animals; their ids tell nothing."""
        texts, kinds = animal_texts(count)
        made = cls(folder, [Record(text=t) for t in texts], SingleLabel(ANIMALS), **more)
        made.truth = dict(zip(made.ids, kinds, strict=True))
        return made

    @classmethod
    def of_rows(cls, folder: Path, count: int = 80, **more: Any) -> LiveProject:
        """Rows of a table with a number to tell: twice one column."""
        generator = np.random.default_rng(1)
        fields = [{"size": float(v), "kind": "ab"[k % 2]} for k, v in enumerate(generator.normal(size=count))]
        made = cls(folder, [Record(id=f"r{k}", fields=f) for k, f in enumerate(fields)], Number(), **more)
        made.truth = {f"r{k}": 2.0 * float(str(f["size"])) for k, f in enumerate(fields)}
        return made

    truth: dict[str, Any]

    def write(self, kind: str, payload: dict[str, Any]) -> int:
        """Append one event; the clock moves on by ten seconds."""
        self.now += 10.0
        return self.store.append("main", [Event(kind, payload, at=self.now)])

    def ask(self, item: str, role: str = "queue") -> str:
        """Hand an item out."""
        query = f"q{self.turn}"
        payload = {"query": query, "turn": self.turn, "items": [item], "strategy": "auto", "scores": [None]}
        more = {"reasons": [""], "round": 0, "model": None, "arm": None, "inclusion": None, "seconds": {}}
        lease = {"user": "ada", "until": self.now + 600, "replaces": self._answered.get(item)}
        self.write("asked", {**payload, **more, "role": role, **lease})
        self.turn += 1
        return query

    def tell(self, query: str, item: str, value: Any) -> int:
        """Answer a query."""
        answer = Answer.distribution(item, value) if isinstance(value, dict) else Answer.label(item, value)
        self._answered[item] = query
        told = {**answer.to_json(), "note": None, "seconds": 4.0, "shown": None}
        return self.write("told", {"query": query, "answers": [told], "user": "ada", "fence": self.turn})

    def label(self, items: Sequence[str], role: str = "queue") -> None:
        """Ask about items and answer each with the truth."""
        for item in items:
            self.tell(self.ask(item, role), item, self.truth[item])

    def close(self) -> None:
        """Close the journal."""
        self.store.close()
