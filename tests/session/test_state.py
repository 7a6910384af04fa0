"""State is a fold over events."""

from __future__ import annotations

import math

from querist.core.types import Answer, Event, FitReport
from querist.session.state import State, fit_to_json, query_from_json


def test_fold() -> None:
    state = State()
    asked = {
        "query": "q0",
        "turn": 0,
        "items": ["a", "b"],
        "strategy": "random",
        "scores": [None, 0.5],
        "reasons": ["", "x"],
        "round": 0,
        "model": None,
        "arm": "margin",
        "inclusion": [0.25, 0.5],
        "seconds": {},
    }
    state.apply(Event("created", {"seed": 1}, seq=1))
    state.apply(Event("asked", asked, seq=2))
    state.apply(
        Event("told", {"query": "q0", "answers": [Answer.label("b", "x").to_json(), Answer.skip("a").to_json()]}, seq=3)
    )
    state.apply(Event("told", {"query": "q0", "answers": [Answer.reject("a").to_json()]}, seq=3))
    assert (state.fresh, state.rejected) == (["b"], 1)
    report = FitReport(round=0, labels=1, model="d", metrics={"accuracy": 0.5, "log_loss": math.inf})
    state.apply(Event("fitted", fit_to_json(report, cost=2.0, agreement=math.nan, surprise=None), seq=4))
    (round_,) = state.rounds
    assert (round_.queried, round_.rejected, state.rejected) == (("b",), 1, 0)
    assert round_.arm == "margin"
    assert round_.asked == ("a", "b")
    assert round_.inclusion == (0.25, 0.5)
    assert round_.metrics == {"accuracy": 0.5, "log_loss": None}
    assert round_.agreement is None
    assert state.fresh == []
    assert state.model == "d"
    state.apply(Event("stopped", {"rule": "r", "text": "t"}, seq=5))
    assert state.stopped is not None
    state.apply(Event("asked", {**asked, "turn": 1, "query": "q1"}, seq=6))
    assert state.stopped is None
    assert (state.turns, state.seq, list(state.queries)) == (2, 6, ["q0", "q1"])


def test_queries_read_back_missing_scores_as_nan() -> None:
    query = query_from_json(
        {"query": "q", "turn": 3, "items": ["a"], "strategy": "s", "scores": [None], "reasons": [""]}
    )
    assert math.isnan(query.scores[0])
