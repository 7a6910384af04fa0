"""What the doctor finds, and that it changes nothing."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from querist.core.errors import StateError
from querist.core.types import Answer, Event
from querist.data.item_file import create_file
from querist.storage import Artifacts, SqliteStore
from querist.storage.doctor import Finding, _version, doctor, repair


@pytest.fixture
def project(tmp_path: Path) -> Path:
    artifacts = Artifacts(tmp_path / "artifacts")
    with SqliteStore(tmp_path / "journal.db") as store:
        for n in range(60):
            items = [f"item {n} {i}" for i in range(5)]
            answers = [Answer.label(item, "cat").to_json() for item in items]
            store.append("main", [Event("asked", {"query": f"q{n}", "turn": n, "items": items})])
            store.append("main", [Event("told", {"query": f"q{n}", "answers": answers})])
        for n in range(2):
            digest = artifacts.put(f"weights {n}".encode())
            store.append("main", [Event("fitted", {"round": n, "labels": 5, "model": digest})])
    return tmp_path


def found(folder: Path) -> list[Finding]:
    return [f for f in doctor(folder) if f.where != "the sqlite3 library"]


def sql(folder: Path, *statements: str) -> None:
    connection = sqlite3.connect(folder / "journal.db", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = OFF")
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_a_sound_project(project: Path) -> None:
    before = {p.name: p.read_bytes() for p in project.iterdir() if p.is_file()}
    assert found(project) == []
    assert {p.name: p.read_bytes() for p in project.iterdir() if p.name in before} == before


def test_while_it_is_in_use(project: Path) -> None:
    with SqliteStore(project / "journal.db") as store:
        store.append("main", [Event("note", {})])
        assert found(project) == []
        store.append("main", [Event("note", {})])


@pytest.mark.parametrize(
    "statement, table",
    [
        ("UPDATE item SET state = 'rejected' WHERE id = 'item 3 1'", "item"),
        ("DELETE FROM answer WHERE item = 'item 3 1'", "answer"),
        ("UPDATE model SET labels = 6 WHERE round = 1", "model"),
        ("UPDATE status SET cost = cost + 1", "status"),
        ("INSERT INTO item VALUES ('main', 'ghost', 'pending', NULL, 0, 1)", "item"),
        ("UPDATE tally SET items = items + 1 WHERE state = 'labelled'", "tally"),
        ("UPDATE class_tally SET items = 7 WHERE class = 'cat'", "class_tally"),
        ("INSERT INTO class_tally VALUES ('main', 'cow', 1)", "class_tally"),
        ("UPDATE answer_tally SET ms = 1", "answer_tally"),
    ],
)
def test_tables_that_differ_from_the_journal(project: Path, statement: str, table: str) -> None:
    sql(project, statement)
    (finding,) = found(project)
    assert finding.severity == "error"
    assert finding.where == f"journal.db, table {table}"
    assert finding.what.startswith("1 rows differ")
    assert "repair" in finding.cure
    assert repair(project) == 122
    assert found(project) == []


def test_references_to_nothing(project: Path) -> None:
    sql(project, "UPDATE item SET last_seq = 999 WHERE id = 'item 3 1'")
    findings = found(project)
    assert any("refer to nothing" in f.what and "table item" in f.where for f in findings)
    repair(project)
    assert found(project) == []


def test_a_changed_event(project: Path) -> None:
    sql(
        project,
        "DROP TRIGGER event_is_never_changed",
        "UPDATE event SET payload = replace(payload, 'cat', 'cow') WHERE seq = 4",
    )
    findings = found(project)
    assert any("event 4 of stream 'main'" in f.what and "querist restore" in f.cure for f in findings)
    assert any("event_is_never_changed" in f.what for f in findings)  # the missing guard is seen too
    with pytest.raises(StateError) as caught:
        repair(project)
    assert caught.value.code == "Corrupt"


def test_damaged_and_missing_artifacts(project: Path) -> None:
    artifacts = Artifacts(project / "artifacts")
    first, second = list(artifacts.digests())
    (project / "artifacts" / first / "content").write_bytes(b"changed")
    for path in (project / "artifacts" / second).iterdir():
        path.unlink()
    (project / "artifacts" / second).rmdir()
    (project / "artifacts" / ".new-left").mkdir()
    by_severity = {f.severity: f for f in found(project)}
    assert by_severity["error"].where == f"artifacts/{first}"
    assert "DigestMismatch" in by_severity["error"].what
    assert by_severity["warning"].where == f"artifacts/{second}"
    assert "are not kept" in by_severity["warning"].what
    assert by_severity["note"].where == "artifacts/.new-left"


def test_findings_name_no_absolute_path(project: Path) -> None:
    (project / "artifacts" / next(Artifacts(project / "artifacts").digests()) / "content").write_bytes(b"changed")
    content = bytearray((project / "journal.db").read_bytes())
    content[4096 * 5 : 4096 * 6] = bytes(4096)
    (project / "journal.db").write_bytes(content)
    findings = found(project)
    assert len(findings) >= 2
    assert all(str(project) not in f.what + f.where + f.cure.replace("doctor", "") for f in findings)


def test_a_file_that_is_no_database(project: Path) -> None:
    (project / "journal.db").write_bytes(b"rubbish " * 1000)
    (finding,) = found(project)
    assert finding.what.startswith("Corrupt: journal.db is damaged")
    assert "querist restore" in finding.cure


def test_random_damage_is_found_or_harmless(project: Path) -> None:
    """Bits flipped at 90 places: whatever the doctor finds clean reads as it was written."""
    path = project / "journal.db"
    with SqliteStore(path) as store:
        wanted = list(store.read("main"))
    whole = path.read_bytes()
    rng = random.Random(11)
    seen = 0
    for _ in range(90):
        content = bytearray(whole)
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        path.write_bytes(content)
        if [f for f in found(project) if f.severity == "error"]:
            seen += 1
        else:
            with SqliteStore(path, read_only=True) as store:
                assert list(store.read("main")) == wanted
    assert seen > 15


@pytest.mark.parametrize(
    "version, warned",
    [((3, 6, 23), False), ((3, 7, 0), True), ((3, 40, 1), True), ((3, 51, 2), True), ((3, 51, 3), False)],
)
def test_the_wal_reset_bug(version: tuple[int, ...], warned: bool) -> None:
    findings = list(_version(version))
    assert [f.severity for f in findings] == ["warning"] * warned


def test_no_project(tmp_path: Path) -> None:
    with pytest.raises(StateError) as caught:
        doctor(tmp_path)
    assert caught.value.code == "NoJournal"


def test_the_items_of_a_labelling_project(project: Path) -> None:
    items = project / "items.db"
    create_file(items)
    assert doctor(project) == doctor_without_items(project)
    with closing(sqlite3.connect(items)) as connection, connection:
        connection.executemany(
            "INSERT INTO item VALUES (?, ?, ?, NULL, NULL, NULL)", [(k, f"i{k}", "x" * 200) for k in range(99)]
        )
    data = bytearray(items.read_bytes())
    data[4096:8192] = b"\xff" * 4096
    items.write_bytes(data)
    errors = [f for f in doctor(project) if f.severity == "error"]
    assert [f.where for f in errors] == ["items.db"]
    assert "Corrupt" in errors[0].what
    assert "querist restore" in errors[0].cure


def doctor_without_items(project: Path) -> list[Finding]:
    (project / "items.db").rename(project / "elsewhere")
    try:
        return doctor(project)
    finally:
        (project / "elsewhere").rename(project / "items.db")


def test_a_folder_of_one_letter_takes_none_out_of_the_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p").mkdir()
    Path("p", "journal.db").write_bytes(b"no database, but this program reads up to here" * 9)
    (found,) = [f for f in doctor("p") if f.severity == "error"]
    assert "journal.db is damaged" in found.what
    assert "'querist doctor .'" in found.what
