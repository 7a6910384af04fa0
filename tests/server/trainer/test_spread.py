"""Queues of strategies that only rate items: what is alike is asked apart, and the best still comes first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from live_project import ANIMALS, LiveProject, animal_texts
from querist.data.item_store import Record
from querist.data.schema import MultiLabel, Schema, SingleLabel
from querist.data.spans import Spans
from querist.models.encoders.hashed_text import HashedText
from querist.server.plain import in_words
from querist.server.trainer.candidate import Candidate, read_candidate
from querist.server.trainer.round import Rounds
from querist.server.trainer.snapshot import Snapshot
from querist.server.trainer.spread import shortlist_times, spread, words_of
from querist.strategies.algebra import as_strategy

COPIES, ANSWERED = 40, 6
"""Copies of one text, and how many of them have answers, which contradict each other: the model doubts the others."""


def texts_with_copies() -> tuple[list[str], list[str]]:
    """240 texts; the last 40 say one thing, which is of two animals at once, and differ in one word."""
    texts, kinds = animal_texts(200)
    copies = [f"purrs barks meows fetches kitten bone whiskers wolf n{900 + k}" for k in range(COPIES)]
    return [*texts, *copies], [*kinds, *["cat", "dog"] * (COPIES // 2)]


def value(schema: Schema, text: str, kind: str) -> object:
    """The answer to a text: its animal, one of several, or its first word as a span."""
    if isinstance(schema, MultiLabel):
        return [kind]
    if isinstance(schema, Spans):
        return [[0, len(text.split()[0]), kind]]
    return kind


def queue_of(folder: Path, schema: Schema, strategy: str, handed_out: int = 0) -> tuple[Candidate, LiveProject]:
    texts, kinds = texts_with_copies()
    project = LiveProject(folder, [Record(id=f"t{k}", text=t) for k, t in enumerate(texts)], schema, strategy=strategy)
    project.truth = {f"t{k}": value(schema, t, kinds[k]) for k, t in enumerate(texts)}
    project.label([*project.ids[:40], *project.ids[200 : 200 + ANSWERED]])
    for item in project.ids[220 : 220 + handed_out]:
        project.ask(item)
    snapshot = Snapshot(folder)
    snapshot.refresh()
    rounds = Rounds(snapshot, lambda doing: None)
    rounds.use("hashed text", HashedText(width=32).fit(texts)(texts))
    found = read_candidate(folder, rounds.run(60)[0])
    snapshot.close()
    project.close()
    return found, project


def copies_among(found: Candidate, first: int) -> int:
    return sum(int(w.item[1:]) >= 200 for w in found.queue[:first])


@pytest.mark.parametrize(
    ("schema", "strategy"),
    [
        (SingleLabel(ANIMALS), "auto"),
        (SingleLabel(ANIMALS), "margin"),
        (SingleLabel(ANIMALS), "entropy"),
        (MultiLabel(ANIMALS), "auto"),
        (MultiLabel(ANIMALS), "mmc"),
        (Spans(ANIMALS), "auto"),
        (Spans(ANIMALS), "token_entropy"),
    ],
)
def test_the_next_ten_are_not_ten_alike(tmp_path: Path, schema: Schema, strategy: str) -> None:
    found, _ = queue_of(tmp_path / "p", schema, strategy)
    assert copies_among(found, 10) <= 2, [w.reason for w in found.queue[:10]]
    assert len({w.item for w in found.queue}) == 60
    assert not [note for note in found.report["notes"] if "cannot" in note]


def test_what_is_asked_for_as_top_k_is_top_k_and_spreading_keeps_its_first(tmp_path: Path) -> None:
    plain, _ = queue_of(tmp_path / "a", SingleLabel(ANIMALS), "margin >> top_k")
    apart, _ = queue_of(tmp_path / "b", SingleLabel(ANIMALS), "margin")
    assert copies_among(plain, 10) > 2  # else these items would show nothing
    assert plain.queue[0].item == apart.queue[0].item
    assert apart.queue[0].score == plain.queue[0].score
    assert "number 1 of the 194 that the strategy rates highest" in apart.queue[0].reason
    assert "unlike those before it" in apart.queue[1].reason
    assert in_words(apart.queue[1].reason).endswith("It is unlike those asked just before it.")
    assert "two nearest classes" in apart.queue[1].reason


def test_what_is_handed_out_stands_before_the_queue(tmp_path: Path) -> None:
    found, _ = queue_of(tmp_path / "p", SingleLabel(ANIMALS), "margin", handed_out=1)
    assert copies_among(found, 10) == 0


def test_which_strategies_are_spread() -> None:
    texts = {"margin": 4, "0.5 * margin + entropy": 4, "density_weighted": 4, "class_quota(times=1) | margin": 1}
    texts |= dict.fromkeys(("auto", "badge", "margin >> k_center", "power_margin", "random", "most_likely(1)"), 0)
    assert {text: shortlist_times(as_strategy(text)) for text in texts} == texts


def test_order_follows_the_list_where_all_are_unlike() -> None:
    found = spread(np.eye(8), np.zeros((0, 8)), 8)
    np.testing.assert_array_equal(found.places, np.arange(8))
    assert np.isnan(found.apart[0])
    np.testing.assert_allclose(found.apart[1:], 1.0, rtol=1e-5)


def test_a_copy_waits_and_is_called_one() -> None:
    points = np.eye(6)[[0, 0, 0, 1, 2, 3]]
    found = spread(points, np.zeros((0, 6)), 6)
    assert found.places[:4].tolist() == [0, 3, 4, 5]
    assert words_of(found, 6)[4].endswith("number 2 of the 6 that the strategy rates highest, like one before it")


@pytest.mark.parametrize("points", [np.zeros((5, 3)), np.ones((1, 3)), np.zeros((4, 0))])
def test_nothing_to_tell_items_apart_by_leaves_the_order(points: np.ndarray) -> None:
    found = spread(points, points[:1], len(points))
    np.testing.assert_array_equal(found.places, np.arange(len(points)))
