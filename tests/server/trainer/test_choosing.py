"""The queue: any strategy, a bounded look at the pool, items to be checked, and guesses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from live_project import LiveProject
from querist.core.types import Round
from querist.data.ledger import ItemState
from querist.models.encoders.hashed_text import HashedText
from querist.server.trainer.candidate import Wanted
from querist.server.trainer.choosing import Chooser, check_items, guesses_of, interleaved, random_queue
from querist.server.trainer.learners import learner_for, linear_learner
from querist.server.trainer.snapshot import Snapshot
from querist.strategies.algebra import as_strategy

ONE = (Round(0, 6, 6.0),)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[LiveProject]:
    made = LiveProject.of_texts(tmp_path / "p", 90)
    yield made
    made.close()


def seen(project: LiveProject) -> Snapshot:
    snapshot = Snapshot(project.folder)
    snapshot.refresh()
    texts = [item.text or "" for item in snapshot.items.at(range(len(snapshot.pool)))]
    snapshot.pool.features = HashedText(width=16).fit(texts)(texts)
    return snapshot


def chooser(snapshot: Snapshot, text: str, **more: float) -> Chooser:
    strategy = as_strategy(text)
    learner = learner_for(strategy, snapshot.pool, snapshot.schema)
    if snapshot.labels:
        learner.fit(snapshot.train.labels(snapshot.schema), seed=0)
    return Chooser(snapshot, learner, strategy, as_strategy("k_means"), **more)


@pytest.mark.parametrize("text", ["auto", "margin", "badge", "typiclust", "random", "k_center"])
def test_a_queue_holds_free_items_once_with_reasons(text: str, project: LiveProject) -> None:
    project.label(project.ids[:6])
    project.label(project.ids[6:9], "validation")
    project.ask(project.ids[9])
    snapshot = seen(project)
    found = chooser(snapshot, text).choose(20, ONE, 1)
    items = [w.item for w in found.queue]
    assert len(items) == len(set(items)) == 20
    assert not set(items) & set(project.ids[:10])
    assert all(w.reason and w.role == "queue" for w in found.queue)
    assert found.notes == ()


@pytest.mark.parametrize(("text", "played"), [("auto", "auto"), ("margin", "k_means"), ("k_center", "k_center")])
def test_before_any_label_the_untrained_form_or_the_start_asks(text: str, played: str, project: LiveProject) -> None:
    found = chooser(seen(project), text).choose(10, (), 1)
    assert found.strategy.startswith(played)
    assert len(found.queue) == 10


def test_the_look_at_the_pool_shrinks_and_grows_with_the_time(project: LiveProject) -> None:
    project.label(project.ids[:6])
    one = chooser(seen(project), "margin", seconds=0.4)
    one._adapt(1.6, 4_000, 10_000)
    assert one.most == 2_000
    one._adapt(100.0, 1_500, 10_000)
    assert one.most == 1_000  # never fewer
    one._adapt(0.01, 1_000, 10_000)
    assert one.most == 1_500
    one._adapt(0.01, 10_000, 10_000)
    assert one.most == 1_500  # nothing more to look at
    one.most = 30
    found = one.choose(10, ONE, 1)
    other = one.choose(10, ONE, 2)
    assert found.candidates == 30
    assert [w.item for w in found.queue] != [w.item for w in other.queue]


def test_the_same_turn_gives_the_same_queue(project: LiveProject) -> None:
    project.label(project.ids[:6])
    snapshot = seen(project)
    assert chooser(snapshot, "badge").choose(10, ONE, 3) == chooser(snapshot, "badge").choose(10, ONE, 3)


def test_a_strategy_that_fails_leaves_a_random_queue_and_says_so(project: LiveProject) -> None:
    project.label(project.ids[:6])
    snapshot = seen(project)
    features = snapshot.pool.features
    assert features is not None
    one = chooser(snapshot, "margin")
    one.learner = linear_learner(snapshot.pool, snapshot.schema)  # never fitted
    one._contexts.learner = one.learner
    found = one.choose(10, ONE, 1)
    assert found.strategy == "random"
    assert "random order" in found.notes[0]
    assert len(found.queue) == 10


def test_nothing_left_is_an_empty_queue(project: LiveProject) -> None:
    project.label(project.ids)
    assert chooser(seen(project), "margin").choose(10, ONE, 1).queue == ()


def test_a_random_queue_is_of_free_items(project: LiveProject) -> None:
    project.label(project.ids[:80])
    snapshot = seen(project)
    found = random_queue(snapshot, 50, 1)
    assert {w.item for w in found.queue} == set(project.ids[80:])
    assert snapshot.train.count(ItemState.UNLABELLED) == 10


def test_old_labels_come_back_by_doubt(project: LiveProject) -> None:
    for item, value in zip(project.ids[:3], ("cat", "dog", "owl"), strict=True):
        project.tell(project.ask(item), item, value)
    project.write("class_added", {"class": "lynx"})
    project.tell(project.ask(project.ids[3]), project.ids[3], "lynx")
    snapshot = seen(project)
    rows = snapshot.train.rows(ItemState.LABELLED)
    # the new class has one label only, so what counts is how little the old label is believed
    probs = np.array([[0.9, 0.1, 0, 0], [0.5, 0.2, 0.3, 0], [0.1, 0.5, 0.4, 0], [0.1, 0.1, 0.1, 0.7]])
    found = check_items(snapshot, probs, rows, 10)
    assert [w.item for w in found] == [project.ids[1], project.ids[2]]
    assert [w.score for w in found] == pytest.approx([0.8, 0.6])
    assert found[0].role == "check"
    assert "before 'lynx' was added" in found[0].reason
    assert "20%" in found[0].reason
    for item in project.ids[4:6]:
        project.tell(project.ask(item), item, "lynx")
    snapshot.refresh()
    probs = np.array([[0.3, 0.0, 0.0, 0.7], [0, 0.9, 0, 0.1], [0, 0, 0.4, 0.3], *[[0, 0, 0, 1.0]] * 3])
    found = check_items(snapshot, probs, snapshot.train.rows(ItemState.LABELLED), 1)
    assert [w.item for w in found] == [project.ids[0]]
    assert "'lynx' 70%" in found[0].reason


def test_every_tenth_place_is_for_a_check() -> None:
    queue = [Wanted(f"q{k}") for k in range(25)]
    checks = [Wanted(f"c{k}", role="check") for k in range(3)]
    mixed = interleaved(queue, checks, 25)
    assert [k for k, w in enumerate(mixed) if w.role == "check"] == [9, 19]
    assert len(mixed) == 25
    assert interleaved([], checks, 25) == tuple(checks)


def test_guesses_are_the_best_three_of_each_item(project: LiveProject) -> None:
    project.label(project.ids[:30])
    snapshot = seen(project)
    learner = linear_learner(snapshot.pool, snapshot.schema)
    learner.fit(snapshot.train.labels(snapshot.schema), seed=0)
    found = guesses_of(learner, snapshot, [Wanted(item) for item in project.ids[30:60]])
    right = [found[item][0][0] == project.truth[item] for item in project.ids[30:60]]
    assert sum(right) >= 25
    assert all(list(pairs) == sorted(pairs, key=lambda p: -(p[1] or 0)) for pairs in found.values())
    assert guesses_of(learner, snapshot, []) == {}
