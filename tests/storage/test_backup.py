"""Copies of a project in use."""

from __future__ import annotations

import json
import os
import threading
import time
import zipfile
from pathlib import Path

import pytest

from querist.core.errors import ArgumentError, StateError
from querist.core.types import Answer, Event
from querist.storage import Artifacts, SqliteStore
from querist.storage.backup import MANIFEST, backup
from querist.storage.doctor import doctor
from querist.storage.restore import restore


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "querist.toml").write_text("[run]\n", encoding="utf-8")
    (folder / "data" / "items.csv").write_text("id,text\n1,ä\n", encoding="utf-8")
    with SqliteStore(folder / "journal.db") as store:
        digest = Artifacts(folder / "artifacts").put(b"weights")
        store.append("main", [Event("asked", {"query": "q0", "turn": 0, "items": ["a", "b"]})])
        store.append("main", [Event("told", {"query": "q0", "answers": [Answer.label("a", "cat").to_json()]})])
        store.append("main", [Event("fitted", {"round": 0, "labels": 1, "model": digest})])
    return folder


def names(folder: Path) -> list[str]:
    """Its files but for those that SQLite and the lock keep beside the journal."""
    found = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return [n for n in found if not n.endswith(("-wal", "-shm", ".lock"))]


def errors(folder: Path) -> list[str]:
    return [f.what for f in doctor(folder) if f.severity == "error" or "weights" in f.what]


@pytest.mark.parametrize("name", ["copy", "copy.zip"])
def test_there_and_back(tmp_path: Path, project: Path, name: str) -> None:
    report = backup(project, tmp_path / "backups" / name)
    assert report.streams == {"main": 3}
    assert report.files == 4
    assert report.left_out == ()
    assert sorted(p.name for p in (tmp_path / "backups").iterdir()) == [name]
    restored = restore(tmp_path / "backups" / name, tmp_path / "again")
    assert (restored.files, restored.streams) == (4, {"main": 3})
    again = tmp_path / "again"
    assert names(again) == names(project)
    for file in ("querist.toml", "data/items.csv"):
        assert (again / file).read_bytes() == (project / file).read_bytes()
    with SqliteStore(project / "journal.db") as a, SqliteStore(again / "journal.db") as b:
        assert list(a.read("main")) == list(b.read("main"))
        assert b.append("main", [Event("note", {})], expected=3) == 4
    assert errors(again) == []


def test_a_backup_while_a_session_writes_is_consistent(tmp_path: Path, project: Path) -> None:
    """Ten copies while a thread appends and keeps artifacts: each is whole and opens."""
    artifacts, done = Artifacts(project / "artifacts"), threading.Event()
    with SqliteStore(project / "journal.db") as store:

        def work() -> None:
            n = 1
            while not done.is_set():
                digest = artifacts.put(f"weights {n % 9}".encode())
                item = f"item {n}"
                store.append(
                    "main",
                    [
                        Event("asked", {"query": f"q{n}", "turn": n, "items": [item]}),
                        Event("told", {"query": f"q{n}", "answers": [Answer.label(item, "x").to_json()]}),
                        Event("fitted", {"round": n, "labels": n, "model": digest}),
                    ],
                )
                n += 1
                time.sleep(0.001)

        writer = threading.Thread(target=work)
        writer.start()
        try:
            marks = []
            for n in range(10):
                low = store.last("main")
                report = backup(project, tmp_path / f"b{n}")
                marks.append((low, report.streams["main"], store.last("main")))
        finally:
            done.set()
            writer.join()
        everything = list(store.read("main"))
    assert all(low <= taken <= high for low, taken, high in marks)
    assert len({taken for _, taken, _ in marks}) > 1  # it wrote meanwhile
    for n, (_, taken, _) in enumerate(marks):
        again = tmp_path / f"again{n}"
        restore(tmp_path / f"b{n}", again)
        with SqliteStore(again / "journal.db", read_only=True) as copy:
            assert list(copy.read("main")) == everything[:taken]
        assert errors(again) == []
        assert taken % 3 == 0  # appends are whole


def test_what_is_left_out_is_said(tmp_path: Path, project: Path) -> None:
    (project / "cache").mkdir()
    (project / "cache" / "big.npy").write_bytes(b"x")
    (project / "link").symlink_to(tmp_path)
    (project / "artifacts" / ".new-abc").mkdir()
    (project / "artifacts" / ".new-abc" / "half").write_bytes(b"x")
    report = backup(project, tmp_path / "copy")
    assert sorted(report.left_out) == ["artifacts/.new-abc", "cache", "link"]
    assert report.files == 4
    assert not any("cache" in n or "half" in n for n in names(tmp_path / "copy"))


def test_the_list_of_files_has_sizes_and_digests(tmp_path: Path, project: Path) -> None:
    backup(project, tmp_path / "copy.zip")
    with zipfile.ZipFile(tmp_path / "copy.zip") as file:
        manifest = json.loads(file.read(MANIFEST))
        assert file.namelist()[0] == MANIFEST
        assert set(file.namelist()) == {MANIFEST, *manifest["files"]}
    assert manifest["format"] == 1
    assert manifest["streams"] == {"main": 3}
    assert manifest["files"]["querist.toml"]["size"] == 6
    assert str(tmp_path) not in json.dumps(manifest)


def test_a_backup_overwrites_nothing(tmp_path: Path, project: Path) -> None:
    (tmp_path / "copy").mkdir()
    with pytest.raises(StateError) as caught:
        backup(project, tmp_path / "copy")
    assert caught.value.code == "TargetExists"


def test_a_backup_inside_the_project_is_refused(project: Path) -> None:
    with pytest.raises(ArgumentError) as caught:
        backup(project, project / "backups" / "one")
    assert caught.value.code == "BadTarget"
    assert not (project / "backups").exists()


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError) as caught:
        backup(tmp_path, tmp_path.parent / "copy")
    assert caught.value.code == "NoJournal"


def test_a_damaged_journal_is_not_copied(tmp_path: Path, project: Path) -> None:
    content = bytearray((project / "journal.db").read_bytes())
    content[4096 * 3 : 4096 * 4] = os.urandom(4096)
    (project / "journal.db").write_bytes(content)
    with pytest.raises(StateError) as caught:
        backup(project, tmp_path / "copy")
    assert caught.value.code == "Corrupt"
    assert [p.name for p in tmp_path.iterdir()] == ["project"]


def test_a_backup_does_not_touch_the_project(tmp_path: Path, project: Path) -> None:
    before = {n: (project / n).read_bytes() for n in names(project)}
    backup(project, tmp_path / "copy")
    after = {n: (project / n).read_bytes() for n in names(project)}
    assert after == before


def test_who_is_logged_in_is_not_copied(tmp_path: Path, project: Path) -> None:
    for name in ("secret", "sessions.json"):
        (project / name).write_text("{}", encoding="utf-8")
    (project / "data" / "secret").write_text("an item", encoding="utf-8")
    report = backup(project, tmp_path / "copy")
    assert {"secret", "sessions.json"} <= set(report.left_out)
    assert not (tmp_path / "copy" / "secret").exists()
    assert (tmp_path / "copy" / "data" / "secret").read_text(encoding="utf-8") == "an item"
