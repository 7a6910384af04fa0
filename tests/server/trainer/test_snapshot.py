"""What the trainer knows: roles, undo, classes that change, and reading on from the last event."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from live_project import LiveProject
from querist.core.errors import StateError
from querist.data.item_store import ItemStore, Record
from querist.data.ledger import ItemState
from querist.server.trainer.feature_rows import MadeRows
from querist.server.trainer.snapshot import Pool, Snapshot


@pytest.fixture
def project(tmp_path: Path) -> Iterator[LiveProject]:
    made = LiveProject.of_texts(tmp_path / "p", 30, encoder="base")
    yield made
    made.close()


def opened(project: LiveProject) -> Snapshot:
    snapshot = Snapshot(project.folder)
    snapshot.refresh()
    return snapshot


def test_features_are_scaled_to_about_a_unit() -> None:
    pool = Pool(["a", "b", "c"])
    with pytest.raises(StateError) as caught:
        pool.take(slice(None))
    assert caught.value.code == "NoFeatures"
    pool.features = np.array([[3000.0, 0.0], [-3000.0, 0.0], [0.0, 0.0]], dtype=np.float32)
    np.testing.assert_allclose(pool.take(slice(0, 2)), np.array([[1, 0], [-1, 0]]) * np.sqrt(1.5), rtol=1e-6)
    large = np.array([[3000.0, 0.0], [-3000.0, 0.0], [0.0, 0.0]], dtype=np.float32)
    for features in (large, MadeRows(lambda rows: large[rows], 3, lambda: None)):
        pool.features = features
        for _ in range(2):  # what was taken is scaled, what is kept stays
            for some in (slice(0, 2), np.array([0, 1])):
                np.testing.assert_allclose(pool.take(some), np.array([[1, 0], [-1, 0]]) * np.sqrt(1.5), rtol=1e-6)
    pool.features = plain = np.array([[1.0], [-1.0], [0.5]], dtype=np.float32)
    assert np.shares_memory(pool.take(slice(None)), plain)  # near enough to a unit: as it is


def test_validation_answers_stand_apart_and_controls_train(project: LiveProject) -> None:
    project.label(project.ids[:3])
    project.label(project.ids[3:5], "control")
    project.label(project.ids[5:9], "validation")
    project.ask(project.ids[9])
    seen = opened(project)
    assert list(seen.train.labels(seen.schema).items) == project.ids[:5]
    assert list(seen.validation.labels(seen.schema).items) == project.ids[5:9]
    assert list(seen.controls()) == project.ids[3:5]
    states = seen.train.states
    assert (states[5:9] == ItemState.HELD).all()
    assert states[9] == ItemState.PENDING
    assert (states[10:] == ItemState.UNLABELLED).all()
    assert seen.facts.settings["encoder"] == "base"
    assert seen.modality == "text"


def test_reading_on_gives_what_reading_all_gives(project: LiveProject) -> None:
    seen = Snapshot(project.folder)
    assert seen.refresh()
    assert not seen.refresh()
    for start in range(0, 12, 3):
        project.label(project.ids[start : start + 2])
        project.label(project.ids[start + 2 : start + 3], "validation")
        assert seen.refresh()
    fresh = opened(project)
    assert (seen.train.states == fresh.train.states).all()
    assert (seen.validation.states == fresh.validation.states).all()
    assert seen.seq == fresh.seq
    assert seen.facts == fresh.facts


def test_returned_and_undone_answers_never_were(project: LiveProject) -> None:
    item = project.ids[0]
    query = project.ask(item)
    project.write("returned", {"query": query, "items": [item], "why": "expired"})
    seen = opened(project)
    assert seen.train.states[0] == ItemState.UNLABELLED
    query = project.ask(item)
    told = project.tell(query, item, "cat")
    seen.refresh()
    assert seen.labels == 1
    project.write("undone", {"query": query, "items": [item], "user": "ada", "seq": told})
    seen.refresh()
    assert seen.labels == 0


def test_a_validation_item_that_came_back_may_train_later(project: LiveProject) -> None:
    item = project.ids[0]
    query = project.ask(item, "validation")
    seen = opened(project)
    assert seen.train.states[0] == ItemState.HELD
    project.write("returned", {"query": query, "items": [item], "why": "expired"})
    project.label([item])
    seen.refresh()
    assert list(seen.train.labels(seen.schema).items) == [item]
    assert seen.validation.count(ItemState.LABELLED) == 0


def test_items_reserved_for_validation_are_never_in_the_pool(tmp_path: Path) -> None:
    project = LiveProject.of_texts(tmp_path / "p", 10)
    kept = project.ids[:3]
    project.close()
    other = LiveProject.of_texts(tmp_path / "q", 10, validation=kept, modality="text")
    (other.folder / "querist.toml").write_text('[labelling]\nroot = "pictures"\n')
    seen = opened(other)
    assert (seen.train.states[:3] == ItemState.HELD).all()
    assert seen.setting("root", "") == "pictures"
    other.tell(other.ask(kept[0], "picked"), kept[0], "cat")
    with ItemStore(other.folder / "items.db") as items:
        items.add([Record(id="x", text="x"), Record(id="y", text="y")], "more")
    other.write("imported", {"items": 2, "name": "more", "validation": ["y"]})
    seen.refresh()
    assert (seen.labels, seen.validation.count(ItemState.LABELLED)) == (0, 1)
    assert seen.train.states[-2:].tolist() == [ItemState.UNLABELLED, ItemState.HELD]
    other.close()


def test_an_import_between_two_looks_is_no_fault(project: LiveProject, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = opened(project)
    real = seen.store.read

    def read(stream: str, after: int = 0) -> Any:
        monkeypatch.setattr(seen.store, "read", real)
        with ItemStore(project.folder / "items.db") as items:
            items.add([Record(id="new", text="new")], "more")
        project.write("imported", {"items": 1, "name": "more", "validation": ["new"]})
        return real(stream, after)

    monkeypatch.setattr(seen.store, "read", read)
    seen.refresh()
    assert len(seen.pool) == 31


def test_an_answer_changed_on_a_validation_item_stays_validation(project: LiveProject) -> None:
    item = project.ids[0]
    project.label([item], "validation")
    project.tell(project.ask(item, "picked"), item, "owl")
    seen = opened(project)
    assert seen.labels == 0
    assert seen.validation.labels(seen.schema).targets.tolist() == [2]


def test_soft_answers_are_shares(project: LiveProject) -> None:
    project.label(project.ids[:1])
    project.tell(project.ask(project.ids[1]), project.ids[1], {"cat": 3.0, "dog": 1.0})
    seen = opened(project)
    np.testing.assert_allclose(seen.train.labels(seen.schema).targets[1], [0.75, 0.25, 0.0])


def test_classes_added_renamed_and_merged(project: LiveProject) -> None:
    project.tell(project.ask(project.ids[0]), project.ids[0], "cat")
    project.write("class_added", {"class": "lynx"})
    project.tell(project.ask(project.ids[1]), project.ids[1], "lynx")
    seen = opened(project)
    assert seen.classes == ("cat", "dog", "owl", "lynx")
    assert [(row, c.name) for row, c in seen.doubtful()] == [(0, "lynx")]
    project.write("class_renamed", {"class": "lynx", "to": "bobcat"})
    seen.refresh()
    assert [(row, c.name) for row, c in seen.doubtful()] == [(0, "bobcat")]
    assert seen.train.labels(seen.schema).targets.tolist() == [0, 3]
    project.tell(project.ask(project.ids[0], "check"), project.ids[0], "cat")
    seen.refresh()
    assert seen.doubtful() == []  # it was looked at again
    project.write("undone", {"query": "q2", "items": [project.ids[0]], "user": "ada", "seq": seen.seq})
    seen.refresh()
    assert [row for row, _ in seen.doubtful()] == [0]  # and that was taken back
    project.write("class_merged", {"class": "bobcat", "into": "cat"})
    seen.refresh()
    assert len(seen.classes) == 3
    assert seen.train.labels(seen.schema).targets.tolist() == [0, 0]


def test_items_that_are_imported_later_are_seen(project: LiveProject) -> None:
    project.label(project.ids[:2])
    seen = opened(project)
    with ItemStore(project.folder / "items.db") as items:
        items.add([Record(id="new", text="a new one")], "more.csv")
    project.truth["new"] = "owl"
    project.label(["new"])
    seen.refresh()
    assert len(seen.pool) == 31
    assert list(seen.train.labels(seen.schema).items) == [*project.ids[:2], "new"]


def test_a_configured_setting_wins(project: LiveProject) -> None:
    seen = opened(project)
    assert seen.setting("strategy", "") == "auto"
    project.write("configured", {"strategy": "margin"})
    seen.refresh()
    assert seen.setting("strategy", "") == "margin"


def test_rounds_of_an_earlier_trainer_are_read(project: LiveProject) -> None:
    project.label(project.ids[:2])
    report = {"round": 0, "labels": 2, "cost": 2.0, "model": None, "metrics": {"accuracy": 0.5, "x": None}}
    project.write("fitted", {**report, "agreement": None, "surprise": None, "notes": [], "seconds": {}})
    (only,) = opened(project).facts.rounds
    assert (only.labels, only.metrics, only.queried) == (2, {"accuracy": 0.5}, tuple(project.ids[:2]))


def test_the_journal_is_read_only(project: LiveProject) -> None:
    seen = opened(project)
    with pytest.raises(StateError, match="read"):
        seen.store.append("main", [])


def test_a_journal_without_a_beginning_is_refused(tmp_path: Path) -> None:
    from querist.storage.sqlite_store import SqliteStore

    with ItemStore(tmp_path / "items.db") as items:
        items.add([Record(text="one")], "x")
    SqliteStore(tmp_path / "journal.db").close()
    with pytest.raises(StateError) as caught:
        Snapshot(tmp_path).refresh()
    assert caught.value.code == "NotAProject"
