"""A project as it can be read beside a server that writes: its contents, its task, one moment of its journal."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from querist.core.errors import StateError, shorten_path
from querist.data.item_store import ItemStore
from querist.server.changes import STREAM, Changes
from querist.server.project import ITEMS, JOURNAL, folder_of_images
from querist.server.task import Task
from querist.storage.connection import open_reader

__all__ = ["ReadOnly", "read_only"]


@dataclass(frozen=True, slots=True)
class ReadOnly:
    """A project that is only read.

    Args:
        folder: of the project.
        name: of the project.
        modality: text, image or table.
        root: folder of the images, or None.
        task: what is asked, with the classes as they stand.
        items: contents.
        connection: to the journal, within a transaction: all reads see one moment.
    """

    folder: Path
    name: str
    modality: str
    root: Path | None
    task: Task
    items: ItemStore
    connection: sqlite3.Connection


@contextmanager
def read_only(folder: Path) -> Iterator[ReadOnly]:
    """Open a project for reading; no lock is taken.

    Raises:
        StateError: no project (codes ``NoJournal``, ``NotAProject``), damaged (``Corrupt``), of another version
            (``NewerSchema``, ``OlderSchema``).
    """
    connection = open_reader(folder / JOURNAL)
    try:
        connection.execute("BEGIN")
        row = connection.execute(
            "SELECT payload FROM event WHERE stream = ? AND seq = 1 AND kind = 'created'", (STREAM,)
        ).fetchone()
        made = json.loads(row[0]) if row else {}
        labelling = made.get("spec", {}).get("labelling")
        if labelling is None:
            raise StateError(
                f"{shorten_path(folder)} is no labelling project; `querist label PATH` makes one", code="NotAProject"
            )
        task = Changes(Task.from_json(made["schema"])).task(connection)
        with ItemStore(folder / ITEMS, create=False) as items:
            yield ReadOnly(
                folder,
                str(labelling["name"]),
                str(labelling["modality"]),
                folder_of_images(folder),
                task,
                items,
                connection,
            )
    finally:
        connection.close()
