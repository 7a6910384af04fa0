"""A rehearsal loads what a round needs, and leaves no trace in what is real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from live_project import ANIMALS, LiveProject
from querist.data.item_store import Record
from querist.data.ledger import ItemState
from querist.data.schema import MultiLabel, Schema
from querist.data.spans import Spans
from querist.server.trainer import rehearsal
from querist.server.trainer.rehearsal import rehearse
from querist.server.trainer.round import Rounds
from querist.server.trainer.snapshot import Snapshot

Made = tuple[LiveProject, Rounds]


def ready(project: LiveProject, beats: list[str]) -> Rounds:
    snapshot = Snapshot(project.folder)
    snapshot.refresh()
    rounds = Rounds(snapshot, beats.append)
    rounds.use("points", np.random.default_rng(0).normal(size=(len(project.ids), 8)).astype(np.float32))
    return rounds


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    project = LiveProject.of_texts(tmp_path / "p", 60)
    yield project, ready(project, [])
    project.close()


def never() -> bool:
    return False


def test_it_plays_a_whole_round_and_changes_nothing(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    project, rounds = made
    played: list[Rounds] = []
    real = Rounds.run

    def run(self: Rounds, queue: int) -> Any:
        played.append(self)
        return real(self, queue)

    monkeypatch.setattr(Rounds, "run", run)
    beats: list[str] = []
    assert rehearse(rounds, 10, beats.append, never)
    assert set(beats) == {"warm up"}
    (stand_in,) = played
    assert stand_in.snapshot.labels == 12
    assert {stand_in.history[0].labels, len(stand_in.history)} == {12, 1}
    assert {"fit", "select", "save"} <= set(stand_in.seconds)
    snapshot = rounds.snapshot
    assert (snapshot.labels, snapshot.train.count(ItemState.UNLABELLED), rounds.history) == (0, 60, [])
    assert snapshot.facts.told == []
    assert list((project.folder / "candidates").iterdir()) == []
    name, number, _ = rounds.run(10)  # the real one is as ever
    assert (name, number) == ("candidates/1", 0)


def test_it_ends_at_the_next_step_when_somebody_waits(made: Made) -> None:
    project, rounds = made
    beats: list[str] = []
    assert not rehearse(rounds, 10, beats.append, lambda: len(beats) >= 2)
    assert len(beats) == 2
    assert list((project.folder / "candidates").iterdir()) == []


@pytest.mark.parametrize("several", [True, False])
def test_other_kinds_of_labels(several: bool, tmp_path: Path) -> None:
    if several:
        schema: Schema = MultiLabel(ANIMALS)
        project = LiveProject(tmp_path / "p", [Record(text=f"t {k}") for k in range(20)], schema)
    else:
        project = LiveProject.of_rows(tmp_path / "p", 20)
    assert rehearse(ready(project, []), 5, lambda _: None, never)
    project.close()


def test_spans_and_items_without_features_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "staging", None)  # not reached
    project = LiveProject(tmp_path / "p", [Record(text=f"t {k}") for k in range(20)], Spans(ANIMALS))
    assert not rehearse(ready(project, []), 5, lambda _: None, never)
    project.close()
    other = LiveProject.of_texts(tmp_path / "q", 20)
    snapshot = Snapshot(other.folder)
    snapshot.refresh()
    assert not rehearse(Rounds(snapshot, lambda _: None), 5, lambda _: None, never)
    other.close()
