"""A project on disk: made whole or not at all, opened again, items added, models promoted."""

from __future__ import annotations

import os
import stat
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desk_cases import CATS, Case
from querist.core.errors import DataError, QueristError, StateError
from querist.core.types import Event
from querist.data.item_store import ItemStore
from querist.data.record import Record
from querist.server.bring import bring
from querist.server.handout import validation_items
from querist.server.project import ITEMS, JOURNAL, SEEDS, SETTINGS_FILE, Project
from querist.storage.sqlite_store import SqliteStore


def records(count: int, first: int = 0, **more: Any) -> list[Record]:
    return [Record(id=f"i{k}", text=f"text {k}", **more) for k in range(first, first + count)]


def brought(project: Project, wanted: list[Record], name: str) -> int:
    return bring(project, wanted, name).items


LABEL = {"kind": "label", "value": "dog", "annotator": "file"}
MADE: dict[str, Any] = {"task": CATS, "modality": "text", "name": "films.csv"}


def test_it_is_made_and_opened_again(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    with Project.make(folder, records(5), **MADE, seed=7, root=tmp_path, settings={"strategy": "margin"}) as made:
        assert (made.name, made.modality, made.seed, made.root, len(made.items)) == (
            "films.csv",
            "text",
            7,
            tmp_path,
            5,
        )
    with Project.open(folder) as again:
        assert (again.name, again.modality, again.seed, again.root) == ("films.csv", "text", 7, tmp_path)
        assert again.desk.share == made.desk.share == 0.1
        assert again.writer.do(lambda w: again.changes.settings(w.connection)).strategy == "margin"
        kinds = [e.kind for e in again.store.read("main")]
        assert kinds == ["created", "configured"]
    toml = tomllib.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8"))["labelling"]
    assert toml == {"name": "films.csv", "modality": "text", "task": "single", "root": str(tmp_path)}
    again.close()


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    Project.make(tmp_path / "p", records(2), **MADE).close()
    assert stat.S_IMODE(os.stat(tmp_path / "p").st_mode) == 0o700
    for name in (JOURNAL, ITEMS, SETTINGS_FILE):
        assert stat.S_IMODE(os.stat(tmp_path / "p" / name).st_mode) == 0o600, name


def test_validation_items_are_drawn_once_and_others_when_items_come(tmp_path: Path) -> None:
    with Project.make(tmp_path / "p", records(400), **MADE, seed=3, settings={"validation": 0.2}) as project:
        assert project.desk.share == 0.2
        ids = [f"i{k}" for k in range(400)]
        before = list(project.desk.pool.reserved)
        assert before == validation_items(ids, 3, 0.2)
        assert brought(project, records(200, 400), "more") == 200
        more = validation_items([f"i{k}" for k in range(400, 600)], 3, 0.2)
        assert list(project.desk.pool.reserved) == [*before, *more]
    with Project.open(tmp_path / "p") as project:
        assert list(project.desk.pool.reserved) == [*before, *more]
        assert project.desk.pool.size == 600


def test_a_large_project_keeps_three_hundred_to_measure_with(tmp_path: Path) -> None:
    with Project.make(tmp_path / "p", records(6000), **MADE) as project:
        assert project.desk.share == 300 / 6000
        assert 240 < len(project.desk.pool.reserved) < 360


def test_answers_that_came_with_the_items_are_in_the_journal(tmp_path: Path) -> None:
    wanted = [
        *records(2),
        Record(id="x", text="x", labels=[LABEL]),
        Record(id="y", text="y", labels=[{"kind": "skip"}]),
    ]
    with Case(tmp_path / "p", wanted, validation=0.5) as case:
        assert case.rows("SELECT id, state, value FROM item") == [("x", "labelled", '"dog"'), ("y", "skipped", None)]
        assert not {"x", "y"} & set(case.project.desk.pool.reserved)
        assert (
            brought(case.project, [Record(id="x", text="x", labels=[LABEL]), *records(1, 9, labels=[LABEL])], "more")
            == 1
        )
        assert case.rows("SELECT id, answers FROM item") == [("i9", 1), ("x", 1), ("y", 1)], "x was known"


@pytest.mark.parametrize("label", [{"kind": "label", "value": "horse"}, {"kind": "praise"}, {"value": "cat"}, {}])
def test_an_answer_that_is_none_refuses_the_import(tmp_path: Path, label: dict[str, Any]) -> None:
    bad = [*records(3), Record(id="bad", text="x", labels=[label])]
    with pytest.raises(QueristError, match="'bad'") as caught:
        Project.make(tmp_path / "p", bad, **MADE)
    assert caught.value.code in ("UnknownLabel", "BadKind")
    with Case(tmp_path / "p", 2) as case:
        with pytest.raises(QueristError, match="'bad'"):
            brought(case.project, bad, "more")
        assert (len(case.project.items), case.project.desk.pool.size) == (2, 2)


def failing(count: int) -> Iterator[Record]:
    yield from records(count)
    raise DataError("line 4 cannot be read", code="BadLine")


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (dict(MADE, records=[]), "EmptyPool"),
        (dict(MADE, records="failing"), "BadLine"),
        (dict(MADE, records=records(2) + records(1)), "DuplicateId"),
        (dict(MADE, records=records(1), modality="sound"), "BadTask"),
        (dict(MADE, records=records(1), seed=-1), "BadSeed"),
        (dict(MADE, records=records(1), settings={"lease": 1}), "BadSetting"),
        (dict(MADE, records=records(1), settings={"leese": 1}), "UnknownSetting"),
    ],
)
def test_a_project_that_cannot_be_made_leaves_nothing(tmp_path: Path, make: dict[str, Any], code: str) -> None:
    folder = tmp_path / "p"
    with pytest.raises(QueristError) as caught:
        Project.make(folder, **dict(make, records=failing(3) if make["records"] == "failing" else make["records"]))
    assert caught.value.code == code
    assert not [p.name for p in folder.glob("*") if p.suffix != ".lock"]
    Project.make(folder, records(1), **MADE).close()


def test_the_words_of_an_empty_pool(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the pool has 0 items: films.csv is empty"):
        Project.make(tmp_path / "p", [], **MADE)


def test_a_project_is_not_made_twice(tmp_path: Path) -> None:
    with Project.make(tmp_path / "p", records(1), **MADE) as project:
        with pytest.raises(StateError, match="holds a project already; open it with `querist serve") as caught:
            Project.make(tmp_path / "p", records(9), **MADE)
        assert caught.value.code == "ProjectExists"
        assert len(project.items) == 1
    with Project.open(tmp_path / "p") as project:
        assert len(project.items) == 1


@pytest.mark.parametrize("half", ["items only", "an empty journal", "both"])
def test_what_a_killed_attempt_left_is_taken_over(tmp_path: Path, half: str) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    if half != "an empty journal":
        with ItemStore(folder / ITEMS) as items:
            items.add(records(9), "killed")
    if half != "items only":
        SqliteStore(folder / JOURNAL).close()
        with pytest.raises(StateError, match="is no labelling project; `querist label PATH`") as caught:
            Project.open(folder)
        assert caught.value.code == "NotAProject"
    with Project.make(folder, records(2, 100), **MADE) as project:
        assert project.items.ids() == ["i100", "i101"]


def test_folders_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(StateError) as caught:
        Project.open(tmp_path / "nothing")
    assert caught.value.code == "NoJournal"
    (tmp_path / "session").mkdir()
    with SqliteStore(tmp_path / "session" / JOURNAL) as store:
        store.append("main", [Event("created", {"spec": {}, "seed": 0, "schema": None, "pool": {"items": 1}})])
    for _ in range(2):  # the lock was given back
        with pytest.raises(StateError) as caught:
            Project.open(tmp_path / "session")
        assert caught.value.code == "NotAProject"
    with Case(tmp_path / "p", 2) as case:
        with pytest.raises(StateError) as caught:
            Project.open(tmp_path / "p")
        assert caught.value.code == "Locked"
        case.take()
    (tmp_path / "p" / SETTINGS_FILE).write_text("labelling = [", encoding="utf-8")
    with pytest.raises(DataError, match=r"querist.toml cannot be read") as bad:
        Project.open(tmp_path / "p")
    assert bad.value.code == "BadConfig"
    (tmp_path / "p" / SETTINGS_FILE).unlink()
    with Project.open(tmp_path / "p") as project:
        assert project.root is None


def test_an_import_that_was_cut_short_is_finished_by_the_next(tmp_path: Path) -> None:
    """The items are on the disk, their answers are not: killed between the two files."""
    with Case(tmp_path / "p", 2, validation=0.4) as case:
        more = [*records(2, 2), *records(1, 4, labels=[LABEL])]
        case.project.items.add(more, "killed")
        case.restart()
        handed = {h.item for h in case.take(count=9)}
        assert handed == {"i0", "i1"}, "what the journal does not speak of is not handed out"
        with pytest.raises(QueristError, match="cut short; import it again") as caught:
            case.pick("i3")
        assert caught.value.code == "UnknownItem"
        assert brought(case.project, [*more, *records(1, 5)], "again") == 4
        assert case.rows("SELECT state FROM item WHERE id = 'i4'") == [("labelled",)]
        assert case.project.desk.pool.size == 6
        assert {h.item for h in case.take("ben", 9)} == {"i2", "i3", "i5"}


def test_items_that_come_while_people_take_are_never_handed_out_in_the_wrong_role(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 20, validation=0.5) as case:
        stop = threading.Event()

        def add() -> None:
            for k in range(6):
                brought(case.project, records(20, 100 + 20 * k), "more")
            stop.set()

        adder = threading.Thread(target=add)
        adder.start()
        while not stop.is_set():
            case.take(count=2, have=[f"q{k}" for k in range(300)])
        adder.join()
        reserved = set(case.project.desk.pool.reserved)
        assert len(reserved) > 40
        roles = {(item in reserved, role == "validation") for item, role in case.rows("SELECT item, role FROM handed")}
        assert roles <= {(True, True), (False, False)}


def test_a_promoted_model_brings_its_queue_and_guesses(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 12, validation=0.5) as case:
        kept = next(iter(case.project.desk.pool.reserved))
        free = [f"i{k}" for k in range(12) if f"i{k}" not in case.project.desk.pool.reserved]
        case.promote((free[0], "queue"))
        queue: list[dict[str, Any]] = [
            {"item": free[1], "score": 0.9, "reason": "doubtful"},
            {"item": kept, "score": 0.8, "reason": "kept", "role": "queue"},
            {"item": "unknown", "reason": "gone", "role": "check"},
            {"item": kept, "reason": "doubt", "role": "check"},
        ]
        report = {"round": 5, "labels": 3, "model": "ab" * 16, "metrics": {"accuracy": 0.5}}
        case.project.promote(report, queue, {free[1]: [["cat", 0.75], ["dog", 0.25]]})
        rows = case.rows("SELECT item, score, reason, role FROM queue ORDER BY place")
        assert rows == [(free[1], 0.9, "doubtful", "queue"), (kept, None, "doubt", "check")]
        assert case.rows("SELECT * FROM guess") == [(free[1], '[["cat", 0.75], ["dog", 0.25]]')]
        assert case.rows("SELECT round, digest, labels FROM model WHERE round = 5") == [(5, "ab" * 16, 3)]
        with pytest.raises(QueristError) as caught:
            case.project.promote({"round": 6}, [], {})
        assert caught.value.code == "BadEvent"
        assert len(case.rows("SELECT * FROM queue")) == 2, "a report that is none changes nothing"


def test_seeds_come_first_in_their_order(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 8) as case:
        case.answer(case.pick("i7"))
        case.promote(("i1", "queue"), ("i2", "queue"))
        assert case.project.put_first(["i5", "i2", "i5", "i7", "unknown"], "It holds 'film'.") == 2
        assert case.project.put_first(["i6"], "It holds 'play'.") == 1
        handed = case.take(count=4)
        assert [h.item for h in handed] == ["i6", "i5", "i2", "i1"]
        assert [h.reason for h in handed][:2] == ["It holds 'play'.", "It holds 'film'."]
        assert case.project.put_first([], "none") == 0


def test_seeds_outlive_a_model_until_they_are_answered(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 8) as case:
        case.project.put_first(["i5", "i4"], "It holds 'film'.")
        case.promote(("i1", "queue"), ("i4", "queue"))
        (first,) = case.take()
        assert (first.item, first.reason) == ("i5", "It holds 'film'.")
        case.answer(first)
        case.promote(("i2", "queue"), ("i1", "queue"))
        held = case.take(count=3)
        assert [h.item for h in held] == ["i4", "i2", "i1"]
        assert held[0].reason == "It holds 'film'."


def test_of_many_seeds_the_oldest_fall_off(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 2 * SEEDS + 10) as case:
        ids = [f"i{k}" for k in range(2 * SEEDS + 10)]
        assert case.project.put_first(ids, "first") == SEEDS
        assert case.project.put_first(ids[-3:], "second") == 3
        rows = case.do(lambda w: w.connection.execute("SELECT item, place FROM queue ORDER BY place").fetchall())
        assert [row[0] for row in rows] == [*ids[-3:], *ids[: SEEDS - 3]]
        assert all(row[1] < 0 for row in rows)


def test_closed_twice_and_then_of_no_use(tmp_path: Path) -> None:
    case = Case(tmp_path / "p", 1)
    case.project.close()
    case.project.close()
    with pytest.raises(StateError) as caught:
        case.take()
    assert caught.value.code == "Closed"
