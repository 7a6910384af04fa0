from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

import querist
from querist.core.errors import QueristError
from querist.core.registry import registry
from querist.core.signals import EMBEDDING, GRADIENT, MEMBERS, PROBS
from querist.core.types import Labels
from querist.data.schema import Schema, SingleLabel
from querist.data.source import Source
from querist.models.rnn import RnnClassifier
from querist.testing.learners import check_learner
from querist.training.recipe import Recipe
from querist.training.recurrent import recurrent_learner
from querist.training.torch_learner import TorchLearner
from real_data import questions

SCHEMA = SingleLabel(("bad", "good"))
FAST = Recipe(epochs=8, lr=1e-2, batch_size=8)


def films(n: int = 40) -> tuple[Source, np.ndarray]:
    """Texts of one to nine words; whether "not" stands before "good" decides."""
    rng = np.random.default_rng(0)
    texts: list[str] = []
    labels: list[int] = []
    while len(texts) < n:
        words = [str(w) for w in rng.choice(["the", "film", "was", "a", "very", "long"], size=int(rng.integers(0, 8)))]
        bad = int(rng.random() < 0.5)
        text = " ".join([*words, *(["not"] if bad else []), "good"])
        if text not in texts:
            texts.append(text)
            labels.append(1 - bad)
    return querist.read(texts), np.asarray(labels)


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_it_learns_and_tells_all_that_a_network_can(kind: str) -> None:
    source, y = films()
    learner = recurrent_learner(source, SCHEMA, kind=kind, members=4, width=16, hidden=12, recipe=FAST)
    assert learner.provides == {PROBS, EMBEDDING, GRADIENT, MEMBERS}
    learner.fit(Labels(source.items(np.arange(24)), y[:24]), seed=0)
    view = learner.signals(source.items(), learner.provides)
    assert (view[PROBS].argmax(axis=1) == y).mean() > 0.9
    assert view[EMBEDDING].shape == (40, 24)
    assert view[MEMBERS].shape == (40, 4, 2)
    _a, h = view[GRADIENT]
    assert np.array_equal(h, view[EMBEDDING])
    rows = np.array([31, 5])
    alone = learner.signals(source.items(rows), learner.provides)
    for signal in (PROBS, EMBEDDING, MEMBERS):
        assert np.allclose(alone[signal], view[signal][rows], atol=1e-5), f"{signal}: a member is one network"


def as_words(rows: Any) -> Any:
    """Rows of four numbers as four words: which column, and which whole number is nearest."""
    nearest = np.clip(np.rint(np.asarray(rows)), -4, 8).astype(np.int64) + 5
    return torch.from_numpy(nearest + 14 * np.arange(4))


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_it_keeps_the_promises_of_a_learner(kind: str) -> None:
    recipe = Recipe(epochs=20, lr=2e-2, batch_size=8)

    def make(source: Source, schema: Schema) -> TorchLearner:
        network = partial(RnnClassifier, 60, 3, kind=kind, width=12, hidden=8, dropout=0.2)
        return TorchLearner(network, source, schema, recipe=recipe, members=3, transform=as_words)

    assert len(check_learner(make)) == 10


def test_in_a_session_with_a_strategy_that_needs_members() -> None:
    source, y = films()
    session = querist.Session(
        source,
        querist.recurrent_learner(source, SCHEMA, members=3, width=8, hidden=8, recipe=FAST),
        strategy="batch_bald",
        labels=SCHEMA,
    )
    for _ in range(2):
        query = session.ask(5)
        session.tell(query, {i: SCHEMA.classes[y[source.rows_of([i])[0]]] for i in query})
        session.fit()
    assert session.progress.labels == 10


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(QueristError, match="reads texts") as error:
        recurrent_learner(querist.read(np.zeros((3, 2)) + np.arange(3)[:, None]), SCHEMA)
    assert error.value.code == "BadLearner"


def test_registered_by_name() -> None:
    source, _ = films()
    made = registry.find("recurrent", "learner").factory(source, SCHEMA, kind="gru", recipe=FAST)
    assert PROBS in made.provides


def test_on_a_slice_of_real_questions() -> None:
    source, y = questions(400)
    learner = recurrent_learner(source, SingleLabel(tuple("012345")), recipe=Recipe(epochs=8, lr=5e-3, batch_size=16))
    learner.fit(Labels(source.items(np.arange(300)), y[:300]), seed=0)
    rest = np.arange(300, len(y))
    probs = learner.signals(source.items(rest), frozenset({PROBS}))[PROBS]
    assert (probs.argmax(axis=1) == y[rest]).mean() > 1.5 * np.bincount(y[rest]).max() / len(rest)
