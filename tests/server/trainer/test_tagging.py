"""Characters and tokens, by hand, and a tagger that learns from answers in characters."""

from __future__ import annotations

from pathlib import Path

import pytest

from live_project import LiveProject
from querist.data.item_store import Record
from querist.data.spans import Spans
from querist.server.trainer.snapshot import Snapshot
from querist.server.trainer.tagging import Tagging, token_places, token_spans


def test_tokens_are_words_and_signs_by_code_points() -> None:
    assert token_places("Zo\u00eb's \U0001f600!") == [(0, 3), (3, 4), (4, 5), (6, 7), (7, 8)]
    assert token_places("  ") == []


@pytest.mark.parametrize(
    ("spans", "wanted"),
    [
        ([], []),
        ([[0, 3, "x"]], [[0, 1, "x"]]),
        ([[1, 5, "x"]], [[0, 2, "x"]]),  # half a word is the word
        ([[3, 4, "x"]], []),  # a blank between words
        ([[4, 7, "y"], [0, 3, "x"]], [[0, 1, "x"], [1, 2, "y"]]),
        ([[0, 5, "x"], [5, 7, "y"]], [[0, 2, "x"]]),  # the second has no token of its own
    ],
)
def test_spans_are_the_tokens_that_they_touch(spans: list[list[object]], wanted: list[list[object]]) -> None:
    assert token_spans(spans, token_places("Ada Bob")) == wanted


def test_answers_of_a_project_become_tags(tmp_path: Path) -> None:
    texts = ["Ada met Bob", "nobody", "", "Ada met Bob"]
    project = LiveProject(tmp_path / "p", [Record(id=f"t{k}", text=t) for k, t in enumerate(texts)], Spans(("person",)))
    project.truth = {"t0": [[0, 3, "person"], [8, 11, "person"]], "t1": [], "t2": [], "t3": [[0, 3, "person"]]}
    project.label(["t0", "t1", "t2"])
    project.label(["t3"], "validation")
    snapshot = Snapshot(project.folder)
    snapshot.refresh()
    tagging = Tagging(snapshot)
    labels = tagging.labels(snapshot.train)
    assert list(labels.items) == ["t0", "t1", "t2"]
    assert labels.targets.tolist() == [[1, 0, 1], [0, 0, 0], [0, 0, 0]]
    tagging.learner.fit(labels, seed=0)
    assert tagging.hits(labels).tolist() == [True, True, True]
    validation = tagging.labels(snapshot.validation)
    assert tagging.hits(validation).tolist() == [False]  # it was told that Bob is one too
    assert tagging.spans_of(labels.targets).tolist() == [2.0, 0.0, 0.0]
    assert tagging.faults(labels, labels).tolist() == [0.0, 0.0, 0.0]
    assert tagging.faults(labels, validation).tolist() == [1.0], "Bob, which nobody marked there"
    assert tagging.faults(validation, labels).tolist()[0] >= 1.0, "whoever learns that Bob is none misses it"
    project.close()
