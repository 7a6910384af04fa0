"""A labelling project on disk: made from records, opened again, closed. One process writes, through one writer.

The folder holds ``querist.toml`` (what it was made from), ``journal.db``, ``items.db``, ``features/`` and ``artifacts/``;
nobody but its owner may read it.
"""

from __future__ import annotations

import json
import os
import threading
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Self

from querist import __version__
from querist.core.errors import ArgumentError, DataError, StateError, shorten_path
from querist.core.seeds import check_seed
from querist.core.types import Event, Json
from querist.data.atomic import write_whole
from querist.data.item_store import ItemStore
from querist.data.record import Record
from querist.server.changes import STREAM, Changes
from querist.server.desk import Desk
from querist.server.handout import VALIDATION_ITEMS, is_free, validation_items
from querist.server.pruning import worn
from querist.server.settings import Settings
from querist.server.task import Task
from querist.storage.artifacts import Artifacts
from querist.storage.group_writer import GroupWriter
from querist.storage.sqlite_store import SqliteStore
from querist.storage.transaction import Transaction

__all__ = ["FEATURES", "ITEMS", "JOURNAL", "SEEDS", "SETTINGS_FILE", "Project", "folder_of_images"]

JOURNAL, ITEMS, SETTINGS_FILE, FEATURES = "journal.db", "items.db", "querist.toml", "features"
SEEDS = 50
"""Items that seeds may hold at the head of the queue."""
_PIECE = 500
_PRUNED_EVERY = 25


class Project:
    """An open project.

    Args:
        folder: of the project.
        store: its journal, open for writing.
        clock: seconds since the epoch, for leases; a steady one when None.

    Attributes:
        name, modality, seed: as it was made.
        root: folder of the images, or None.
        items: contents. desk: hands out and takes in. changes: classes and settings. writer: runs their work.
        artifacts: models by digest.
    """

    def __init__(self, folder: Path, store: SqliteStore, *, clock: Callable[[], float] | None = None) -> None:
        self.folder = folder
        self.store = store
        created = next(iter(store.read(STREAM)), None)
        if created is None or created.kind != "created" or "labelling" not in created.payload.get("spec", {}):
            raise StateError(
                f"{shorten_path(folder)} is no labelling project; `querist label PATH` makes one", code="NotAProject"
            )
        made = created.payload["spec"]["labelling"]
        self.name, self.modality = str(made["name"]), str(made["modality"])
        self.seed = int(created.payload["seed"])
        self.root = folder_of_images(folder)
        self.items = ItemStore(folder / ITEMS, create=False)
        self.changes = Changes(Task.from_json(created.payload["schema"]))
        self.artifacts = Artifacts(folder / "artifacts")
        self.desk = Desk(self.items, self.changes, seed=self.seed, share=float(made["share"]), clock=clock)
        self.writer = GroupWriter(store)
        self.importing = threading.Lock()
        try:
            self.writer.do(self.desk.resume)
            self._registered()
        except BaseException:
            self.writer.close()
            raise

    @classmethod
    def make(
        cls,
        folder: Path | str,
        records: Iterable[Record],
        *,
        task: Task,
        modality: str,
        name: str,
        root: Path | None = None,
        seed: int = 0,
        settings: Mapping[str, Json] | None = None,
        clock: Callable[[], float] | None = None,
    ) -> Self:
        """A new project: the items are read in, with the answers that came with them.

        Raises:
            StateError: there is a project already (code ``ProjectExists``). DataError: no items (``EmptyPool``), or what
            `ItemStore.add` refuses; nothing is left behind then.
        """
        folder = Path(folder)
        if modality not in ("text", "image", "table"):
            raise ArgumentError(f"the modality is text, image or table; got {modality!r}", code="BadTask")
        seed = check_seed(seed)
        given = Settings().with_changes(settings or {})
        _refuse_made(folder)
        folder.mkdir(parents=True, exist_ok=True)
        os.chmod(folder, 0o700)
        store = SqliteStore(folder / JOURNAL, clock=clock or time.time)
        try:
            os.chmod(folder / JOURNAL, 0o600)
            (folder / ITEMS).unlink(missing_ok=True)  # left by a killed attempt: the journal is empty
            told: list[dict[str, Json]] = []
            with ItemStore(folder / ITEMS) as items:
                count = items.add(records, name, each=lambda id, record, new: told.extend(_answers(id, record, task)))
                if not count:
                    raise DataError(f"the pool has 0 items: {name} is empty", code="EmptyPool")
                share = min(given.validation, VALIDATION_ITEMS / count)
                known = {answer["item"] for answer in told}
                kept = [i for i in validation_items(items.ids(), seed, share) if i not in known]
                digest = items.digest()
            _write_toml(folder, name, task, modality, root)
            labelling = {"name": name, "modality": modality, "share": share, "validation": kept}
            with store.transaction() as work:
                created = {"spec": {"labelling": labelling}, "seed": seed, "strategy": given.strategy}
                pool = {"items": count, "digest": digest}
                work.append(STREAM, [Event("created", {**created, "schema": task.to_json(), "pool": pool})])
                if settings:
                    changed = {k: v for k, v in given.to_json().items() if k in settings}
                    work.append(STREAM, [Event("configured", changed)])
                work.append(STREAM, list(_told_events(told)))
        except BaseException:
            store.close()
            for left in (JOURNAL, ITEMS, SETTINGS_FILE):
                (folder / left).unlink(missing_ok=True)
            raise
        return cls._over(folder, store, clock)

    @classmethod
    def open(cls, folder: Path | str, *, clock: Callable[[], float] | None = None) -> Self:
        """A project that was made before.

        Raises:
            StateError: no project (codes ``NoJournal``, ``NotAProject``), open elsewhere (``Locked``, with the holder),
                damaged (``Corrupt``).
        """
        store = SqliteStore(Path(folder) / JOURNAL, create=False, clock=clock or time.time)
        return cls._over(Path(folder), store, clock)

    @classmethod
    def _over(cls, folder: Path, store: SqliteStore, clock: Callable[[], float] | None) -> Self:
        try:
            return cls(folder, store, clock=clock)
        except BaseException:
            store.close()
            raise

    def promote(
        self, report: Mapping[str, Json], queue: Sequence[Mapping[str, Json]], guesses: Mapping[str, Json]
    ) -> None:
        """A new model is in use: its report is an event, its queue and guesses replace those of the one before.

        Items that nobody may be asked about (kept to measure with, unknown) are left out of the queue. Seeds stay first.
        """

        def work(transaction: Transaction) -> None:
            connection = transaction.connection
            transaction.append(STREAM, [Event("fitted", report)])
            pool = self.desk.pool
            pool.follow(connection)
            wanted = [
                q for q in queue if pool.offers(q["item"]) or (q.get("role") == "check" and q["item"] in self.items)
            ]
            connection.execute("DELETE FROM queue WHERE place >= 0")  # those below are seeds
            connection.executemany(
                "INSERT OR IGNORE INTO queue VALUES (?, ?, ?, ?, ?)",
                [(k, q["item"], q.get("score"), q["reason"], q.get("role", "queue")) for k, q in enumerate(wanted)],
            )
            connection.execute("DELETE FROM guess")
            connection.executemany(
                "INSERT INTO guess VALUES (?, ?)", [(item, json.dumps(shares)) for item, shares in guesses.items()]
            )

        self.writer.do(work)
        if report["round"] and report["round"] % _PRUNED_EVERY == 0:
            self._prune()

    def _prune(self) -> None:
        """Let worn models go: first the journal says so, then the files."""

        def work(transaction: Transaction) -> list[str]:
            models = worn(transaction.connection)
            if models:
                transaction.append(STREAM, [Event("pruned", {"models": models})])
            return models

        for digest in self.writer.do(work):
            self.artifacts.drop(digest)

    def put_first(self, items: Sequence[str], reason: str) -> int:
        """Free items to the head of the queue (keyword and example seeds), until they are answered, at most `SEEDS`.

        Returns how many; those that are labelled, with somebody, kept to measure with or unknown are left out. Seeds
        that were put first before come after them, and beyond `SEEDS` in all the oldest are seeds no more.
        """

        def work(transaction: Transaction) -> int:
            connection = transaction.connection
            (first,) = connection.execute("SELECT min(coalesce(min(place), 0), 0) FROM queue").fetchone()
            self.desk.pool.follow(connection)
            offered = (i for i in dict.fromkeys(items) if self.desk.pool.offers(i))
            wanted = list(islice((i for i in offered if is_free(connection, i)), SEEDS))
            connection.executemany(
                "INSERT INTO queue VALUES (?, ?, NULL, ?, 'queue') "
                "ON CONFLICT (item) DO UPDATE SET place = excluded.place, reason = excluded.reason",
                [(int(first) - len(wanted) + k, item, reason) for k, item in enumerate(wanted)],
            )
            connection.execute(
                "DELETE FROM queue WHERE place < 0 AND place NOT IN (SELECT place FROM queue ORDER BY place LIMIT ?)",
                (SEEDS,),
            )
            return len(wanted)

        return self.writer.do(work)

    def _registered(self) -> int:
        """How many items the journal speaks of."""

        def work(transaction: Transaction) -> int:
            self.desk.pool.follow(transaction.connection)
            return self.desk.pool.size

        return self.writer.do(work)

    def close(self) -> None:
        """Finish what was taken, and give the lock back; a second time does nothing."""
        self.writer.close()
        self.items.close()
        self.store.close()

    def __enter__(self) -> Self:
        """The project itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close."""
        self.close()


def _refuse_made(folder: Path) -> None:
    """A journal without any event was left by a killed attempt, and is taken up again."""
    if not (folder / JOURNAL).exists():
        return
    with SqliteStore(folder / JOURNAL, read_only=True) as store:
        made = store.streams()
    if made:
        raise StateError(
            f"{shorten_path(folder)} holds a project already; open it with `querist serve {shorten_path(folder)}`, or "
            "choose another folder with --project",
            code="ProjectExists",
        )


def _answers(id: str, record: Record, task: Task) -> list[dict[str, Json]]:
    """The answers that came with an item; one that is none is refused, and the whole import with it."""
    counted = [label for label in record.labels if label.get("counted", True)]
    for label in counted:
        task.check(str(label.get("kind")), label.get("value"), id, record.text)
    return [{**label, "item": id} for label in counted]


def _told_events(told: Sequence[Mapping[str, Json]]) -> Iterator[Event]:
    for start in range(0, len(told), _PIECE):
        yield Event("told", {"query": None, "answers": [dict(a) for a in told[start : start + _PIECE]]})


def _write_toml(folder: Path, name: str, task: Task, modality: str, root: Path | None) -> None:
    lines = [
        f"# A labelling project of querist {__version__}. `querist serve` opens it; what changes is in journal.db.",
        "[labelling]",
        f"name = {json.dumps(name)}",
        f'modality = "{modality}"',
        f'task = "{task.kind}"',
    ]
    if root is not None:
        lines += ["# where the images lie: change it when they move", f"root = {json.dumps(str(root.resolve()))}"]
    write_whole(folder / SETTINGS_FILE, ("\n".join(lines) + "\n").encode("utf-8"), private=True)


def folder_of_images(folder: Path) -> Path | None:
    """Where the images of a project lie, by its querist.toml; None when it has none."""
    path = folder / SETTINGS_FILE
    if not path.exists():
        return None
    try:
        made: Any = tomllib.loads(path.read_text(encoding="utf-8")).get("labelling", {})
        root = made.get("root")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError) as error:
        raise DataError(f"{shorten_path(path)} cannot be read: {error}", code="BadConfig") from error
    return None if root is None else Path(str(root))
