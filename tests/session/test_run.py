"""`run` drives a session to a reason, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

import querist
from querist.core.errors import ArgumentError, StateError
from querist.core.types import Answer, Query
from querist.session.rules.max_labels import MaxLabels

from .conftest import MakeSession


def test_to_a_rule(make: MakeSession, truth: dict[str, str]) -> None:
    session = make()
    steps: list[str] = []
    reason = querist.run(
        session, querist.SimulatedAnnotator(truth), batch=5, start=10, stop=MaxLabels(20),
        listener=lambda what, _: steps.append(what),
    )  # fmt: skip
    assert reason.rule == "max_labels(20)"
    assert session.progress.stopped == reason
    assert [len(q) for q in session.queries] == [10, 5, 5]
    assert steps == ["asked", "told", "fitted"] * 3


def test_to_the_budget_and_to_the_end(make: MakeSession, truth: dict[str, str]) -> None:
    annotator = querist.SimulatedAnnotator(truth)
    session = make(budget=13)
    assert querist.run(session, annotator, batch=5).rule == "budget"
    assert session.progress.cost == 13
    session = make()
    assert querist.run(session, annotator, batch=25).rule == "exhausted"
    assert session.progress.labels == 60


def test_takes_up_unanswered_queries_and_unfitted_labels(make: MakeSession, truth: dict[str, str]) -> None:
    session = make()
    query = session.ask(6)
    session.tell(query, {query.items[0]: truth[query.items[0]]})
    querist.run(session, querist.SimulatedAnnotator(truth), batch=6, stop=MaxLabels(12))
    assert session.progress.labels == 12
    assert session.queries[0] == query


class Silent:
    """Answers nothing."""

    name = "silent"

    def annotate(self, query: Query) -> Iterable[Answer]:
        return ()


def test_an_annotator_without_answers_comes_to_an_end(make: MakeSession) -> None:
    session = make(strategy="random")
    reason = querist.run(session, Silent(), batch=25)
    assert reason.rule == "exhausted"
    assert session.progress.pending == 60


def test_batch_is_checked_under_its_name(make: MakeSession) -> None:
    with pytest.raises(ArgumentError, match="batch must be ≥ 1, got 0"):
        querist.run(make(), Silent(), batch=0)


def test_nothing_at_all(make: MakeSession, truth: dict[str, str]) -> None:
    session = make()
    session.tell(None, [Answer.reject(i) for i in truth])
    with pytest.raises(StateError, match="nothing to ask"):
        querist.run(session, Silent(), batch=1)
