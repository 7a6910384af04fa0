"""Old answers of several labels, ranked by how probable a class is that came later."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from live_project import LiveProject
from querist.data.item_store import Record
from querist.data.ledger import ItemState
from querist.data.schema import MultiLabel
from querist.server.trainer.checking import check_old
from querist.server.trainer.snapshot import Snapshot


@pytest.fixture
def project(tmp_path: Path) -> Iterator[LiveProject]:
    """Twelve items answered "a" or with nothing before "b" was there; odd ones have "b" in truth."""
    made = LiveProject(tmp_path / "p", [Record(id=f"i{k}", text=f"text {k}") for k in range(30)], MultiLabel(("a",)))
    for k in range(12):
        made.tell(made.ask(f"i{k}"), f"i{k}", ["a"] if k < 6 else [])
    made.write("class_added", {"class": "b"})
    yield made
    made.close()


def seen(project: LiveProject) -> Snapshot:
    snapshot = Snapshot(project.folder)
    snapshot.refresh()
    snapshot.pool.features = np.array([[k % 2, 0.01 * k] for k in range(30)], dtype=np.float32)
    return snapshot


def checked(project: LiveProject, most: int = 20) -> list[tuple[str, str]]:
    snapshot = seen(project)
    found = check_old(snapshot, snapshot.train.labels(snapshot.schema), most)
    assert all(w.role == "check" for w in found)
    assert [w.score for w in found] == sorted((w.score or 0 for w in found), reverse=True)
    snapshot.close()
    return [(w.item, w.reason) for w in found]


def test_nothing_is_checked_before_the_class_was_given_and_left_out(project: LiveProject) -> None:
    assert len(seen(project).unaware()[0][1]) == 12
    assert checked(project) == []
    project.tell(project.ask("i13"), "i13", ["b"])
    assert checked(project) == []  # a class that every new answer has is not learnt


def test_those_that_may_have_it_come_back_until_they_are_answered_again(project: LiveProject) -> None:
    for k in range(13, 23):
        project.tell(project.ask(f"i{k}"), f"i{k}", ["b"] if k % 2 else [])
    found = dict(checked(project))
    assert set(found) == {f"i{k}" for k in range(1, 12, 2)}
    assert found["i1"].startswith("labelled 'a' before 'b' was added; the model now gives 'b' ")
    assert found["i7"].startswith("labelled with no label before 'b' was added")
    assert len(checked(project, 2)) == 2
    project.tell(project.ask("i1", "check"), "i1", ["a"])  # no, it has not
    assert "i1" not in dict(checked(project))
    project.write("class_merged", {"class": "b", "into": "a"})
    assert checked(project) == []


def test_answers_given_since_are_not_unaware(project: LiveProject) -> None:
    project.tell(project.ask("i0", "check"), "i0", ["a", "b"])
    snapshot = seen(project)
    ((change, rows),) = snapshot.unaware()
    assert (change.name, rows.tolist()) == ("b", list(range(1, 12)))
    assert snapshot.train.count(ItemState.LABELLED) == 12
