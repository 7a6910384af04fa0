"""What of a file a project can take, record by record."""

from __future__ import annotations

from querist.data.record import Record
from querist.server.fitting import classes_in, understood
from querist.server.task import Task


def said(id: str, value: str) -> Record:
    return Record(id, f"text {id}", labels=[{"kind": "label", "value": value}])


def test_what_fits_passes_and_the_rest_is_told() -> None:
    records = [said("a", "cat"), said("b", "owl"), Record("c", file="c.png"), said("d", "owl"), Record("e", "plain")]
    told: list[tuple[int, str]] = []
    task = Task("single", ("cat", "dog"))
    good = understood(iter(records), "text", task, lambda place, why: told.append((place, why)))
    assert [record.id for record in good] == ["a", "e"]
    assert [place for place, _ in told] == [2, 3, 4]
    assert told[0][1] == "the project has no class 'owl'"
    assert told[1][1].startswith("it is of the kind image")
    told.clear()
    good = understood(iter(records), "text", task, lambda place, why: told.append((place, why)), new_classes=True)
    assert [record.id for record in good] == ["a", "b", "d", "e"]
    assert [place for place, _ in told] == [3]
    assert classes_in(records[1], task) == ["owl"]
