"""Items and answers of a file into a project: all or nothing, and the same file again changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from querist.core.errors import DataError, UnknownNameError
from querist.data.record import Record
from querist.server.bring import Brought, _tell, bring
from querist.server.exchange import exported
from querist.server.project import Project
from querist.server.read_only import read_only
from querist.server.task import Task
from querist.storage.transaction import Transaction


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    records = [Record(f"i{k}", f"text {k}") for k in range(4)]
    made = Project.make(tmp_path / "p", records, task=Task("single", ("cat", "dog")), modality="text", name="films.csv")
    with made:
        yield made


def said(record: Record | str, value: str, **more: object) -> Record:
    id, text = (record, f"text {record}") if isinstance(record, str) else (record.id, record.text)
    return Record(id, text, labels=[{"kind": "label", "value": value, **more}])


def answers(project: Project) -> dict[str, list[tuple[object, object]]]:
    with read_only(project.folder) as opened:
        return {
            e.record.id or "": [(a.get("value"), a.get("annotator")) for a in e.answers]
            for e in exported(opened.connection, opened, everything=False)
        }


def test_new_items_and_answers_to_known_ones(project: Project) -> None:
    records = [
        said("i1", "dog", annotator="ann"),
        said("new", "cat"),
        Record("bare", "no label", flag=True, flag_note="odd"),
    ]
    made = bring(project, records, "more.jsonl")
    assert made == Brought(items=2, known=1, answers=2, repeated=0, history=0, flags=1, classes=())
    assert answers(project) == {"i1": [("dog", "ann")], "new": [("cat", "import")]}
    assert project.items.get("i1").text == "text 1", "a known item stays as it is"
    again = bring(project, records, "more.jsonl")
    assert again == Brought(items=0, known=3, answers=0, repeated=2, history=0, flags=0, classes=())
    assert answers(project) == {"i1": [("dog", "ann")], "new": [("cat", "import")]}


@pytest.mark.parametrize("many", [2, 3], ids=["settled one by one", "all read again"])
def test_nobody_is_asked_about_what_is_being_told(project: Project, monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    """While the answers of an import come in, piece by piece, its labelled items are with nobody else."""
    monkeypatch.setattr("querist.server.pool._MANY", many)
    records = [said("i1", "dog"), said("n1", "cat"), Record("n2", "bare"), said("n3", "dog"), said("n4", "cat")]
    asked: list[list[str]] = []

    def look(transaction: Transaction) -> None:
        handed = project.desk.take(transaction, "ann", 20, tab="t")
        asked.append(sorted(one.item for one in handed))
        project.desk.give_back(transaction, "ann", [one.query for one in handed])

    def slow(piece: Sequence[Mapping[str, object]], transaction: Transaction) -> int:
        look(transaction)
        return _tell(piece, transaction)

    monkeypatch.setattr("querist.server.bring._tell", slow)
    monkeypatch.setattr("querist.server.bring._PIECE", 2)
    bring(project, records, "more.jsonl")
    assert asked == [["i0", "i2", "i3", "n2"]] * 2
    project.writer.submit(look).result()
    assert asked[-1] == ["i0", "i2", "i3", "n2"]


def test_an_import_that_fails_lets_its_items_go(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("querist.server.bring._tell", lambda piece, transaction: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bring(project, [said("i1", "dog"), said("n1", "cat")], "more.jsonl")
    handed = project.writer.submit(lambda t: project.desk.take(t, "ann", 20)).result()
    assert sorted(one.item for one in handed) == ["i0", "i1", "i2", "i3", "n1"]


def test_answers_that_do_not_count_stay_out(project: Project) -> None:
    record = Record(
        "i0", "text 0", labels=[{"kind": "label", "value": "cat", "counted": False}, {"kind": "skip", "annotator": "b"}]
    )
    made = bring(project, [record], "x")
    assert (made.answers, made.history) == (1, 1)
    assert answers(project) == {"i0": [(None, "b")]}


def test_unknown_classes_refuse_all_or_are_added(project: Project) -> None:
    records = [said("i0", "cat"), said("new", "owl"), said("i1", "emu"), said("i2", "owl")]
    with pytest.raises(UnknownNameError, match=r"x\.csv, record 2: .*'owl'.*--new-classes") as caught:
        bring(project, records, "x.csv")
    assert caught.value.code == "UnknownLabel"
    assert (len(project.items), answers(project)) == (4, {})
    made = bring(project, records, "x.csv", new_classes=True)
    assert made.classes == ("owl", "emu")
    with read_only(project.folder) as opened:
        assert opened.task.classes == ("cat", "dog", "owl", "emu")


@pytest.mark.parametrize(
    "record, code",
    [
        (Record("n", "x", labels=[{"kind": "label", "value": ["cat"]}]), "BadRow"),
        (Record("n", "x", labels=[{"kind": "skip", "value": "cat"}]), "BadRow"),
        (Record("n", "x", labels=[{"kind": "distribution", "value": {"cat": -1.0}}]), "BadRow"),
        (Record("n", None, "a.png"), "OtherKind"),
        (Record("n", fields={"a": 1}), "OtherKind"),
    ],
)
def test_what_does_not_fit_refuses_all(record: Record, code: str, project: Project) -> None:
    with pytest.raises(DataError, match="record 2") as caught:
        bring(project, [said("new", "cat"), record], "x.csv")
    assert caught.value.code == code
    assert (len(project.items), answers(project)) == (4, {})


def test_spans_are_checked_against_the_text(tmp_path: Path) -> None:
    task = Task("spans", ("PER",))
    with Project.make(tmp_path / "s", [Record("a", "Ann is in")], task=task, modality="text", name="n") as project:
        good = Record("a", "Ann is in", labels=[{"kind": "label", "value": [[0, 3, "PER"], [7, 9, "LOC"]]}])
        made = bring(project, [good], "x", new_classes=True)
        assert made.classes == ("LOC",)
        bad = Record("a", "Ann is in", labels=[{"kind": "label", "value": [[0, 30, "PER"]]}])
        with pytest.raises(DataError, match="not within the text"):
            bring(project, [bad], "x")


def test_an_import_that_was_cut_off_is_made_whole_by_the_same_file(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [said(f"n{k}", "cat") for k in range(1_200)]
    done: list[int] = []

    def failing(answers: Sequence[Mapping[str, object]], transaction: Transaction) -> int:
        if done:
            raise RuntimeError("cut off")
        done.append(_tell(answers, transaction))
        return done[0]

    with monkeypatch.context() as patch:
        patch.setattr("querist.server.bring._tell", failing)
        with pytest.raises(RuntimeError, match="cut off"):
            bring(project, records, "x")
    assert (len(project.items), len(answers(project))) == (1_204, 100)
    made = bring(project, records, "x")
    assert (made.items, made.answers, made.repeated) == (0, 1_100, 100)
    assert len(answers(project)) == 1_200


def test_items_of_an_import_that_was_killed_between_the_files_are_taken_up(project: Project) -> None:
    """The items are on the disk, and the journal does not speak of them; another file comes first."""
    records = [said("n0", "cat"), Record("n1", "bare")]
    project.items.add(records, "killed")
    made = bring(project, [Record("other", "another file")], "other.csv")
    assert (made.items, project.desk.pool.size, len(project.items)) == (1, 7, 7)
    made = bring(project, records, "again")
    assert (made.items, made.known, made.answers) == (0, 2, 1)
    assert project.desk.pool.size == 7
