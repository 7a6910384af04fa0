"""What the trainer knows of the project: a fold over the journal, read-only, from the last event that it has seen.

Answers are kept in two ledgers. Those of validation items, drawn at random to measure with, stand apart and never train;
for the ledger that trains, such an item is held out. All other answers train, the random control share among them.
"""

from __future__ import annotations

import tomllib
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import StateError, UnknownNameError
from querist.core.types import AnswerKind, Array, Event, Items, Round
from querist.data.ids import digest_texts
from querist.data.item_store import ItemStore
from querist.data.ledger import ItemState, Ledger
from querist.data.schema import ClassSchema, Schema, schema_from_json
from querist.data.source import Source
from querist.server.trainer.feature_rows import FileRows, MadeRows
from querist.storage.sqlite_store import SqliteStore

__all__ = ["STREAM", "Changed", "Features", "Pool", "Snapshot"]

Features: TypeAlias = Array | FileRows | MadeRows

STREAM = "main"
_DRAWN = ("queue", "validation", "control")
"""Roles that say what an item is for; check, again and picked ask anew about an item and change nothing of that."""
_LOOKED_AT = 5_000
_LABELS = (str(AnswerKind.LABEL), str(AnswerKind.DISTRIBUTION))


class Pool(Source):
    """The items of the project by id and row, with the features that are there so far.

    Args:
        ids: of the items, in order of rows.
    """

    def __init__(self, ids: list[str]) -> None:
        super().__init__(digest_texts(ids), ids=ids, name="the project", modality="array")
        self._features: Features | None = None
        self._scale = np.float32(1.0)

    @property
    def features(self) -> Features | None:
        """(N, D) features as the encoder gave them, or None."""
        return self._features

    @features.setter
    def features(self, features: Features) -> None:
        self._features, self._scale = features, np.float32(1.0)
        count, piece = len(features), _LOOKED_AT // 10
        starts = range(0, count, max(count // 10, piece))  # pieces, for single rows of a file would bring in most pages
        rows = np.concatenate([np.arange(a, min(a + piece, count)) for a in starts] or [np.zeros(0, dtype=np.int64)])
        spread = float(features[rows].var(axis=0, dtype=np.float64).sum()) if len(rows) else 0.0
        if spread > 0 and not 0.25 <= spread <= 4.0:
            self._scale = np.float32(spread**-0.5)

    def take(self, rows: NDArray[np.int64] | slice) -> Array:
        """(n, D) features, scaled so that they lie about a unit from their mean: heads and kernels reckon with that.

        Raises:
            StateError: there are none yet (code ``NoFeatures``).
        """
        if self._features is None:
            raise StateError("there are no features of the items yet", code="NoFeatures")
        found = self._features[rows]
        if self._scale == 1:
            return found
        shared = isinstance(rows, slice) and isinstance(self._features, np.ndarray)  # all else is a copy already
        return np.multiply(found, self._scale, out=None if shared else found)


@dataclass(frozen=True, slots=True)
class Changed:
    """A change of the class list that old labels may not know of.

    Args:
        kind: kind of the event.
        name: the class that is new.
        seq: place in the journal.
    """

    kind: str
    name: str
    seq: int


@dataclass
class Facts:
    """What the events say beside the answers.

    Args:
        schema: what a label may be.
        seed: the root seed.
        settings: of ``created`` and every ``configured``, the latest of each.
        rounds: fitted rounds.
        told: (place in the journal, seconds since the epoch, seconds it took) of each answer.
        controls: rows of control items, in order of being asked.
        changed: changes of the class list.
        labelled_at: (query, place in the journal) of the labels of each row, oldest first.
        fresh: rows labelled since the last fit.
    """

    schema: Schema | None = None
    seed: int = 0
    settings: dict[str, Any] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)
    told: list[tuple[int, float, float]] = field(default_factory=list)
    controls: list[int] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    labelled_at: dict[int, list[tuple[str | None, int]]] = field(default_factory=dict)
    fresh: list[str] = field(default_factory=list)


class Snapshot:
    """The project as the journal tells it, up to the last refresh.

    Args:
        folder: of the project.

    Raises:
        StateError: no project there, or a damaged one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = SqliteStore(folder / "journal.db", read_only=True)
        self.items = ItemStore(folder / "items.db", create=False)
        self._begin()

    def _begin(self) -> None:
        self.pool = Pool(self.items.ids())
        self.train = Ledger(self.pool, on_conflict="latest")
        self.validation = Ledger(self.pool, on_conflict="latest")
        self.facts = Facts()
        self.seq = 0
        self._role: dict[int, str] = {}

    def refresh(self) -> bool:
        """Take in what was written since; whether there was anything.

        Raises:
            StateError: the journal is damaged (code ``Corrupt``), or does not begin as a project's (``NotAProject``).
        """
        before = self.seq
        try:
            self._read()
        except UnknownNameError:  # of an import that came between looking at the items and at the journal
            if len(self.items) == len(self.pool):
                raise
            self._read()
        if self.facts.schema is None:
            raise StateError("the journal does not say what is to be labelled: it is of no project", code="NotAProject")
        return self.seq != before

    def _read(self) -> None:
        if len(self.items) != len(self.pool):
            self._begin()
        for event in self.store.read(STREAM, self.seq):
            self._take(event)
            self.seq = event.seq

    @property
    def schema(self) -> Schema:
        """What a label may be now."""
        assert self.facts.schema is not None
        return self.facts.schema

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; none for numbers."""
        return self.schema.classes if isinstance(self.schema, ClassSchema) else ()

    @property
    def labels(self) -> int:
        """How many items are labelled for training."""
        return self.train.count(ItemState.LABELLED)

    @property
    def modality(self) -> str:
        """Text, image or table: what the project says, else what its first item holds."""
        said = self.facts.settings.get("modality")
        if said in ("text", "image", "table"):
            return str(said)
        first = self.items.at([0])[0] if len(self.pool) else None
        if first is None or first.text is not None:
            return "text"
        return "image" if first.file is not None else "table"

    def setting(self, name: str, default: Any) -> Any:
        """A setting of the project."""
        return self.facts.settings.get(name, default)

    def doubtful(self) -> list[tuple[int, Changed]]:
        """Rows whose label was given before a class was added, and not again since, with the first such change."""
        added = [c for c in self.facts.changed if c.kind == "class_added" and c.name in self.classes]
        out = []
        for row in self.train.rows(ItemState.LABELLED).tolist() if added else ():
            last = self.facts.labelled_at[row][-1][1] if self.facts.labelled_at.get(row) else 0
            change = next((c for c in added if c.seq > last), None)
            if change is not None:
                out.append((row, change))
        return out

    def unaware(self) -> list[tuple[Changed, NDArray[np.int64]]]:
        """Each class that was added and still is there, with the rows whose answer is older; none without such rows."""
        rows = self.train.rows(ItemState.LABELLED)
        added = [c for c in self.facts.changed if c.kind == "class_added" and c.name in self.classes]
        if not added:
            return []
        given = self.facts.labelled_at
        last = np.asarray([given[row][-1][1] if given.get(row) else 0 for row in rows.tolist()], dtype=np.int64)
        found = [(change, rows[last < change.seq]) for change in added]
        return [(change, old) for change, old in found if len(old)]

    def controls(self) -> Items:
        """The labelled control items, in order of being asked."""
        rows = np.asarray(list(dict.fromkeys(self.facts.controls)), dtype=np.int64)
        return self.train.items(rows[self.train.states[rows] == ItemState.LABELLED] if len(rows) else rows)

    def close(self) -> None:
        """Close both files."""
        self.store.close()
        self.items.close()

    # -- inside --------------------------------------------------------------------------------------------------------

    def _take(self, event: Event) -> None:
        take = getattr(self, f"_take_{event.kind}", None)
        if take is not None:
            take(event)

    def _take_created(self, event: Event) -> None:
        data = event.payload
        self.facts.schema = schema_from_json(data["schema"])
        self.facts.seed = int(data["seed"])
        spec = dict(data.get("spec") or {})
        self.facts.settings.update({**dict(spec.get("labelling") or {}), "strategy": data["strategy"]})
        self._reserve(self.facts.settings.pop("validation", ()))
        self.facts.settings.update(_from_file(self.folder / "querist.toml"))

    def _take_imported(self, event: Event) -> None:
        self._reserve(event.payload.get("validation", ()))

    def _reserve(self, items: Any) -> None:
        """Items that are for validation before anybody was asked about them."""
        for _, row in self._rows(list(items)):
            self._role[row] = "validation"
            self.train.states[row] = ItemState.HELD

    def _take_configured(self, event: Event) -> None:
        self.facts.settings.update(event.payload.get("settings", event.payload))

    def _take_asked(self, event: Event) -> None:
        role = event.payload.get("role", "queue")
        for item, row in self._rows(event.payload["items"]):
            if role in _DRAWN or row not in self._role:
                before, now = self._role.get(row), role if role in _DRAWN else "queue"
                self._role[row] = now
                if now == "validation" and before != "validation":
                    self.train.states[row] = ItemState.HELD
                elif before == "validation" and now != "validation":
                    self.train.states[row] = ItemState.UNLABELLED
                if now == "control":
                    self.facts.controls.append(row)
            self._ledger(row).apply(replace(event, payload={**event.payload, "items": [item]}))

    def _take_told(self, event: Event) -> None:
        for answer in event.payload["answers"]:
            ((_, row),) = self._rows([answer["item"]])
            self._ledger(row).apply(replace(event, payload={**event.payload, "answers": [answer]}))
            self.facts.told.append(
                (event.seq, event.at, float(answer.get("seconds") or event.payload.get("seconds") or 0))
            )
            if answer["kind"] in _LABELS:
                self.facts.labelled_at.setdefault(row, []).append((event.payload.get("query"), event.seq))
                if self._role.get(row) != "validation":
                    self.facts.fresh.append(answer["item"])

    def _take_returned(self, event: Event) -> None:
        for item, row in self._rows(event.payload["items"]):
            self._ledger(row).apply(replace(event, payload={**event.payload, "items": [item]}))

    def _take_undone(self, event: Event) -> None:
        self._take_returned(event)
        for _, row in self._rows(event.payload["items"]):
            given = self.facts.labelled_at.get(row, [])
            self.facts.labelled_at[row] = [(query, seq) for query, seq in given if query != event.payload["query"]]

    def _take_class_added(self, event: Event) -> None:
        name = event.payload["class"]
        self.facts.schema = self.schema.with_class(name)
        self.facts.changed.append(Changed(event.kind, name, event.seq))

    def _take_class_renamed(self, event: Event) -> None:
        self._classes(event, event.payload["to"])

    def _take_class_merged(self, event: Event) -> None:
        self._classes(event, None)

    def _classes(self, event: Event, new: str | None) -> None:
        """Another class list; changes that are to be checked follow a class to its new name, or go with it."""
        old = event.payload["class"]
        if isinstance(self.schema, ClassSchema):
            kept = self.schema.renamed(old, new) if new else self.schema.merged(old, event.payload["into"])
            self.facts.schema = kept
        followed = [replace(c, name=new or "") if c.name == old else c for c in self.facts.changed]
        self.facts.changed = [c for c in followed if c.name]
        self.train.apply(event)
        self.validation.apply(event)

    def _take_fitted(self, event: Event) -> None:
        data = event.payload
        self.facts.rounds.append(
            Round(
                round=int(data["round"]),
                labels=int(data["labels"]),
                cost=float(data.get("cost", 0.0)),
                metrics={k: v for k, v in data["metrics"].items() if v is not None},
                agreement=data.get("agreement"),
                strategy=str(data.get("strategy", "")),
                queried=tuple(self.facts.fresh),
                surprise=data.get("surprise"),
            )
        )
        self.facts.fresh = []

    def _ledger(self, row: int) -> Ledger:
        return self.validation if self._role.get(row) == "validation" else self.train

    def _rows(self, items: list[str]) -> list[tuple[str, int]]:
        """Ids and rows of items."""
        return list(zip(items, self.pool.rows_of(list(items)).tolist(), strict=True))


def _from_file(path: Path) -> dict[str, Any]:
    """Where the images lie, which may change with the machine and is no event."""
    with suppress(OSError, ValueError, AttributeError):
        root = tomllib.loads(path.read_text(encoding="utf-8")).get("labelling", {}).get("root")
        return {"root": root} if isinstance(root, str) else {}
    return {}
