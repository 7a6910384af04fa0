"""A project is read while another holds it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from querist.core.errors import StateError
from querist.core.types import Event
from querist.data.record import Record
from querist.server.bring import bring
from querist.server.exchange import exported
from querist.server.project import Project
from querist.server.read_only import read_only
from querist.server.task import Task
from querist.storage.sqlite_store import SqliteStore


def make(folder: Path, root: Path | None = None) -> Project:
    records = [Record("a", "x"), Record("b", "y")]
    return Project.make(folder, records, task=Task("single", ("c", "d")), modality="text", name="n", root=root)


def test_one_moment_is_read_beside_the_writer(tmp_path: Path) -> None:
    with make(tmp_path / "p", tmp_path) as project, read_only(project.folder) as opened:
        assert (opened.name, opened.modality, opened.root) == ("n", "text", tmp_path.resolve())
        assert (opened.task.classes, len(opened.items)) == (("c", "d"), 2)
        list(exported(opened.connection, opened, everything=True))
        bring(project, [Record("a", "x", labels=[{"kind": "label", "value": "c"}])], "l")
        assert [e.state for e in exported(opened.connection, opened, everything=True)] == ["unlabelled"] * 2
        with read_only(project.folder) as later:
            (only,) = exported(later.connection, later, everything=False)
            assert (only.record.id, only.state) == ("a", "labelled")
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            opened.connection.execute("DELETE FROM event")


def test_what_is_no_labelling_project_is_named(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="there is no journal") as caught, read_only(tmp_path):
        pass
    assert caught.value.code == "NoJournal"
    with SqliteStore(tmp_path / "journal.db") as store:
        store.append("main", [Event("created", {"spec": {}, "seed": 0, "strategy": "auto", "schema": {}, "pool": {}})])
    with pytest.raises(StateError, match="is no labelling project") as caught, read_only(tmp_path):
        pass
    assert caught.value.code == "NotAProject"
