"""The comparison with random sampling: its steps, and how good one answer for all would be, by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from live_project import LiveProject
from querist.data.schema import MultiLabel, Number, SingleLabel
from querist.models.encoders.hashed_text import HashedText
from querist.server.trainer.against_random import AgainstRandom, _always, hits
from querist.server.trainer.savings import Saved
from querist.server.trainer.snapshot import Snapshot

CLASSES = ("a", "b", "c")


class Running:
    """The comparison of a project with features at hand."""

    def __init__(self, folder: Path) -> None:
        self.snapshot = Snapshot(folder)
        self.snapshot.refresh()
        texts = [i.text or "" for i in self.snapshot.items.at(range(len(self.snapshot.pool)))]
        self.snapshot.pool.features = HashedText(width=16).fit(texts)(texts)
        self.comparison = AgainstRandom()
        self.steps = 0

    def advance(self, wanted: Callable[[], bool] = lambda: False) -> Saved | None:
        """Go on; what is known then."""
        validation = self.snapshot.validation.labels(self.snapshot.schema)
        self.comparison.advance(self.snapshot, None, validation, wanted, self._step)
        return self.comparison.saved

    def _step(self) -> None:
        self.steps += 1


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    project = LiveProject.of_texts(tmp_path / "p", 200)
    project.label(project.ids[:30])
    project.label(project.ids[30:55], "control")
    project.label(project.ids[55:90], "validation")
    yield project.folder
    project.close()


def one_step() -> Callable[[], bool]:
    turns = iter([False, True])
    return lambda: next(turns)


def test_it_stands_back_after_each_fit_and_finds_the_same(folder: Path) -> None:
    at_once, in_parts = Running(folder), Running(folder)
    found = at_once.advance()
    assert found is not None
    parts = 0
    while in_parts.advance(one_step()) is None:
        parts += 1
        assert in_parts.steps == parts, "one fit, and somebody waits"
    assert in_parts.steps == at_once.steps > 15
    assert in_parts.comparison.saved == found
    assert at_once.advance() is found
    assert at_once.steps == in_parts.steps, "nothing new, nothing done"


def test_what_was_begun_with_other_features_is_left(folder: Path) -> None:
    running = Running(folder)
    running.advance(one_step())
    running.comparison.drop()
    assert running.advance() is not None
    assert running.steps > 17, "it was begun anew"
    steps = running.steps
    running.comparison.drop()
    running.advance()
    assert running.steps == steps, "an estimate that is there stays"


def test_one_soft_answer_among_plain_ones_is_no_fault(tmp_path: Path) -> None:
    project = LiveProject.of_texts(tmp_path / "p", 200)
    project.truth[project.ids[0]] = {"cat": 0.75, "dog": 0.25}
    project.label(project.ids[:30])
    project.label(project.ids[30:55], "control")
    project.label(project.ids[55:90], "validation")
    running = Running(project.folder)
    found = running.advance()
    assert found is not None
    assert found.random == 19
    assert running.steps > 8
    project.close()


def test_one_answer_for_all_is_the_commonest_of_the_control_answers() -> None:
    single = SingleLabel(CLASSES)
    targets = np.array([1, 1, 2, 0])
    assert _always(single, targets, np.array([1, 0, 1, 2])).tolist() == [True, False, True, False]
    shares = np.array([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]])
    assert _always(single, shares, np.array([[0.2, 0.7, 0.1], [0.9, 0.0, 0.1]])).tolist() == [True, False]
    hard = np.array([1, 0])
    assert _always(single, shares, hard).tolist() == [True, False], (
        "one control answer is soft, no validation answer is"
    )
    assert _always(single, targets, np.array([[0.2, 0.7, 0.1], [0.9, 0.0, 0.1]])).tolist() == [True, False]
    several = np.array([[1.0, 0.0, 1.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
    assert _always(MultiLabel(CLASSES), several, np.array([[1.0, 0, 0], [1.0, 1, 0]])).tolist() == [True, False]
    assert _always(Number(), np.array([1.0, 2.0, 9.0]), np.array([2.0, 5.0])).tolist() == [0.0, -3.0]


def test_hits() -> None:
    said = np.array([[0.2, 0.8], [0.6, 0.4]])
    assert hits(said, np.array([1, 1])).tolist() == [True, False]
    assert hits(said, np.array([[0.4, 0.6], [0.1, 0.9]])).tolist() == [True, False]
    assert hits(said, np.array([[0.0, 1.0], [1.0, 1.0]])).tolist() == [True, False], "several labels, all of them"
