"""Texts answered before a type of spans was there come back, where the type is probable in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from live_project import LiveProject
from querist.data.item_store import Record
from querist.data.spans import Spans
from querist.server.trainer.candidate import Wanted
from querist.server.trainer.snapshot import Snapshot
from querist.server.trainer.span_check import SpanCheck
from querist.server.trainer.tagging import Tagging

NAMES, TOWNS = ("Ada", "Bob", "Eve", "Max"), ("Oslo", "Rome", "Lima", "Bonn")


def text(k: int) -> str:
    """Odd ones name a town."""
    return f"{NAMES[k % 4]} went to {TOWNS[k // 2 % 4]}" if k % 2 else f"{NAMES[k % 4]} slept at home"


def truth(k: int, town: bool) -> list[list[object]]:
    name = [[0, 3, "person"]]
    return [*name, [12, 16, "town"]] if town and k % 2 else name


@pytest.fixture
def project(tmp_path: Path) -> Iterator[LiveProject]:
    """Twenty texts answered before "town" was there."""
    made = LiveProject(tmp_path / "p", [Record(id=f"i{k}", text=text(k)) for k in range(60)], Spans(("person",)))
    for k in range(20):
        made.tell(made.ask(f"i{k}"), f"i{k}", truth(k, town=False))
    made.write("class_added", {"class": "town"})
    yield made
    made.close()


class Looked:
    """A check that goes on from look to look, as a trainer's does."""

    def __init__(self, project: LiveProject) -> None:
        self.snapshot = Snapshot(project.folder)
        self.snapshot.refresh()
        self.tagging = Tagging(self.snapshot)
        self.check = SpanCheck(self.tagging)

    def __call__(self, most: int = 50) -> list[Wanted]:
        self.snapshot.refresh()
        return self.check(self.snapshot, self.tagging.labels(self.snapshot.train), most)


def test_those_that_may_have_the_new_type_come_back_until_they_are_answered_again(project: LiveProject) -> None:
    looked = Looked(project)
    assert looked() == [], "nobody has marked a town yet"
    for k in range(20, 44):
        project.tell(project.ask(f"i{k}"), f"i{k}", truth(k, town=True))
    found = looked()
    assert {w.item for w in found} == {f"i{k}" for k in range(1, 20, 2)}, "the odd ones name a town"
    assert {w.role for w in found} == {"check"}
    assert [w.score for w in found] == sorted((w.score or 0.0 for w in found), reverse=True)
    assert found[0].reason.startswith("labelled with its spans before 'town' was added; the model now gives 'town' ")
    assert [w.item for w in looked(3)] == [w.item for w in found[:3]]
    again = found[0].item
    project.tell(project.ask(again), again, truth(1, town=True))
    assert again not in {w.item for w in looked()}
    looked.snapshot.close()


def test_it_is_fitted_again_when_a_tenth_more_came(project: LiveProject, monkeypatch: pytest.MonkeyPatch) -> None:
    looked, fits = Looked(project), []
    real = Tagging.probable

    def counted(self: Tagging, *arguments: object) -> object:
        fits.append(1)
        return real(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Tagging, "probable", counted)
    for k in range(20, 44):
        project.tell(project.ask(f"i{k}"), f"i{k}", truth(k, town=True))
    looked()
    looked()
    assert len(fits) == 1
    project.tell(project.ask("i44"), "i44", truth(44, town=True))
    looked()
    assert len(fits) == 1
    for k in range(45, 52):
        project.tell(project.ask(f"i{k}"), f"i{k}", truth(k, town=True))
    looked()
    assert len(fits) == 2
    looked.snapshot.close()
