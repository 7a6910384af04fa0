"""The session that people make: plain things in, named refusals, open by folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError, StateError, UnknownNameError

X = np.random.default_rng(1).normal(size=(30, 2)).astype(np.float32)


def test_estimators_modules_and_learners() -> None:
    import torch

    def net() -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))

    assert type(querist.Session(X, LogisticRegression(), labels="ab").learner).__name__ == "SklearnLearner"
    assert type(querist.Session(X, net, labels=["a", "b"]).learner).__name__ == "TorchLearner"
    assert type(querist.Session(X, net(), labels=["a", "b"]).learner).__name__ == "TorchLearner"
    with pytest.raises(ArgumentTypeError, match="learner must be") as error:
        querist.Session(X, 3, labels=["a", "b"])
    assert error.value.code == "BadLearner"


def test_labels_are_needed_or_found() -> None:
    with pytest.raises(ArgumentError, match="labels is missing"):
        querist.Session(X, LogisticRegression())
    source = querist.read(X, labels=["a", "b"] * 15)
    assert querist.Session(source, LogisticRegression()).schema == querist.SingleLabel(("a", "b"))


def test_test_items_are_held_out_and_measured() -> None:
    source = querist.read(X, ids=[f"i{k}" for k in range(30)])
    truth = {f"i{k}": "ab"[int(x > 0)] for k, x in enumerate(X[:, 0])}
    test = {f"i{k}": truth[f"i{k}"] for k in range(10)}
    session = querist.Session(source, LogisticRegression(), labels=["a", "b"], test=test, strategy="random", start=None)
    query = session.ask(20)
    assert not set(query.items) & set(test)
    session.tell(query, {i: truth[i] for i in query})
    accuracy = session.fit().metrics["accuracy"]
    rows = source.rows_of(list(query.items))
    plain = LogisticRegression().fit(X[rows], [truth[i] for i in query.items])
    assert accuracy == plain.score(X[:10], list(test.values())) > 0.6
    with pytest.raises(StateError, match="held out"):
        session.tell(None, {"i0": "a"})


def test_unknown_strategy_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="margin"):
        querist.Session(X, LogisticRegression(), labels=["a", "b"], strategy="margn", folder=tmp_path / "p")
    querist.Session(X, LogisticRegression(), labels=["a", "b"], folder=tmp_path / "p").close()


def test_a_folder_is_locked_by_one_session(tmp_path: Path) -> None:
    first = querist.Session(X, LogisticRegression(), labels=["a", "b"], folder=tmp_path)
    with pytest.raises(StateError) as error:
        querist.Session(X, LogisticRegression(), labels=["a", "b"], folder=tmp_path)
    assert error.value.code == "Locked"
    first.close()
    querist.Session(X, LogisticRegression(), labels=["a", "b"], folder=tmp_path).close()


def test_open_needs_a_specification(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"no querist\.toml") as error:
        querist.Session.open(tmp_path)
    assert error.value.code == "NoConfig"


def test_soft_labels_reach_training() -> None:
    session = querist.Session(X, LogisticRegression(), labels=["a", "b"])
    query = session.ask(8)
    answers = [querist.Answer.distribution(i, {"a": 0.3, "b": 0.7}) for i in query.items]
    session.tell(query, answers)
    assert session.fit().labels == 8
