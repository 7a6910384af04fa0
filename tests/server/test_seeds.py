"""Seeds: which items, in which order, with which reason, and what is said where nothing tells what a class is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from querist.core.errors import StateError
from querist.data.record import Record
from querist.server.alike import InUse, write_in_use
from querist.server.overview import Overview
from querist.server.problems import Problem
from querist.server.project import FEATURES, JOURNAL, Project
from querist.server.seeds import find_seeds
from querist.server.task import Task


class Place:
    """A project of six texts whose features are two numbers, and the overview of its journal."""

    def __init__(self, folder: Path, kind: str = "single") -> None:
        labels = {0: "cat", 1: "dog"}
        records = [Record(id=f"i{k}", text=f"text {k}", labels=_given(kind, labels.get(k))) for k in range(6)]
        task = Task(kind, ("cat", "dog", "owl"))
        self.project = Project.make(folder, records, task=task, modality="text", name="six")
        self.overview = Overview(folder / JOURNAL)

    def features(self, **names: list[float]) -> None:
        rows = np.array([[1, 0], [0, 1], [0.9, 0.1], [0.2, 1], [-1, 0.1], [-1, 0.3]], dtype=np.float32)
        folder = self.project.folder / FEATURES
        folder.mkdir(exist_ok=True)
        np.save(folder / "features-a.npy", rows)
        write_in_use(folder, InUse("made", (("features-a.npy", 0, 6),), names))

    def find(self, label: str, **more: str) -> tuple[list[str], str]:
        return find_seeds(self.project, self.overview, label, **more)

    def close(self) -> None:
        self.overview.close()
        self.project.close()


def _given(kind: str, label: str | None) -> list[dict[str, object]]:
    if label is None:
        return []
    value = {"single": label, "multi": [label], "spans": [[0, 4, label]]}[kind]
    return [{"kind": "label", "value": value}]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path / "p")
    yield made
    made.close()


def test_words_need_no_features(place: Place) -> None:
    found, reason = place.find("owl", text="TEXT 4")
    assert found == ["i4"]
    assert reason == "It holds words that you gave for owl."
    assert place.find("owl", text="nothing like it")[0] == []


def test_an_example_brings_what_is_like_it(place: Place) -> None:
    place.features()
    found, reason = place.find("owl", item="i4")
    assert found == ["i5", "i1", "i3", "i2", "i0"]  # cosines .98, .10, -.10, -.98, -1.00
    assert reason == "It is like the item that you chose as an example of owl."


def test_without_words_and_item_it_is_like_what_has_the_label(place: Place) -> None:
    place.features(cat=[-1.0, 0.0], owl=[-1.0, 0.0])
    found, reason = place.find("cat")
    assert found[:2] == ["i2", "i3"]
    assert reason == "It is like items that are labelled cat."
    found, reason = place.find("owl")  # nobody has it: its name speaks
    assert found[:2] == ["i4", "i5"]
    assert reason == "It is near in meaning to the name owl."


@pytest.mark.parametrize("kind", ["multi", "spans"])
def test_a_label_among_several_is_an_example_too(tmp_path: Path, kind: str) -> None:
    place = Place(tmp_path / "p", kind)
    try:
        place.features()
        assert place.find("dog")[0][0] == "i3"
        with pytest.raises(StateError):
            place.find("owl")
    finally:
        place.close()


def test_what_is_missing_is_named(place: Place) -> None:
    for more in ({"item": "i0"}, {}):
        with pytest.raises(StateError) as caught:
            place.find("cat", **more)
        assert caught.value.code == "NoFeatures"
    place.features()
    with pytest.raises(StateError, match="give words or an item") as caught:
        place.find("owl")
    assert caught.value.code == "NoExample"
    with pytest.raises(Problem) as problem:
        place.find("owl", item="unknown")
    assert (problem.value.status_code, problem.value.code) == (404, "UnknownItem")
