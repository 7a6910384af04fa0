"""Contexts ask the learner once for all that is wanted, and only for the items that stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import querist
from querist.core.signals import COST, EMBEDDING, GRAPH, LABELS, PROBS, Signal, View
from querist.core.types import Answer, Event, Round
from querist.data.ledger import Ledger
from querist.session.views import ContextMaker
from querist.strategies.algebra import as_strategy

N = 12
SCHEMA = querist.SingleLabel(("a", "b"))


class Counting:
    """Remembers what it was asked."""

    provides = frozenset({PROBS, EMBEDDING})

    def __init__(self) -> None:
        self.calls: list[tuple[list[str], int]] = []

    def signals(self, items: Sequence[str], names: frozenset[Signal]) -> View:
        self.calls.append((sorted(s.name for s in names), len(items)))
        rows = items.rows  # type: ignore[attr-defined]
        whole: dict[Signal, Any] = {PROBS: np.full((N, 2), 0.5), EMBEDDING: np.arange(2.0 * N).reshape(N, 2)}
        return View(len(items), {s: whole[s][rows] for s in names})


def made(**side: Any) -> tuple[ContextMaker, Counting, Ledger]:
    ledger = Ledger(querist.read(np.arange(2.0 * N).reshape(N, 2), ids=[f"i{k}" for k in range(N)]))
    told = [Answer.label("i0", "a").to_json(), Answer.label("i5", "b").to_json()]
    ledger.apply(Event("told", {"query": None, "answers": told}))
    ledger.apply(Event("asked", {"items": ["i3"], "query": "q", "turn": 0}))
    learner = Counting()
    return ContextMaker(learner, ledger, None, side.get("side", {})), learner, ledger  # type: ignore[arg-type]


def test_one_call_for_all_that_is_wanted() -> None:
    maker, learner, _ = made()
    context, pool = maker.make(as_strategy("margin >> k_center"), SCHEMA, seed=0, rounds=())
    assert pool.tolist() == [1, 2, 4, 6, 7, 8, 9, 10, 11]
    assert list(context.labelled_ids or ()) == ["i0", "i5"]
    as_strategy("margin >> k_center").select(context, 2)
    assert learner.calls == [(["embedding", "probs"], 9), (["embedding"], 2), (["embedding"], 1)]
    assert maker.seconds > 0


def test_only_what_is_left_after_a_filter_is_computed() -> None:
    maker, learner, _ = made()
    strategy = as_strategy("subsample(4) | margin")
    context, _ = maker.make(strategy, SCHEMA, seed=0, rounds=())
    assert learner.calls == []
    strategy.select(context, 2)
    assert learner.calls == [(["probs"], 4)]


def test_what_was_told_is_kept_as_long_as_the_model() -> None:
    maker, learner, ledger = made()
    strategy = as_strategy("margin")

    def ask(schema: Any = SCHEMA, **more: Any) -> int:
        """Items that the learner is asked about."""
        learner.calls.clear()
        context, _ = maker.make(strategy, schema, seed=0, **{"rounds": (), "model": "m", **more})
        strategy.select(context, 2)
        return sum(count for _, count in learner.calls)

    assert ask(exclude=["i1", "i2"]) == 7
    assert ask(exclude=["i1", "i4"]) == 1, "i2 alone is new"
    assert ask() == 1, "and i1"
    ledger.apply(Event("told", {"query": None, "answers": [Answer.label("i6", "a").to_json()]}))
    assert ask() == 0, "fewer items than before"
    assert ask(model="n") == 8
    assert ask(model="n") == 0
    assert ask(querist.SingleLabel(("a", "b", "c")), model="n") == 8
    assert ask(model="n", rounds=(Round(0, 2, 2.0),)) == 8


def test_labels_and_side_signals_need_no_learner() -> None:
    cost = np.arange(N) + 1.0
    maker, learner, _ = made(side={COST: cost})
    context, pool = maker.make(as_strategy("cost_ratio(random)"), SCHEMA, seed=0, rounds=())
    assert context.pool[COST].tolist() == cost[pool].tolist()
    assert learner.calls == []
    assert LABELS not in context.labelled
    assert context.ids is not None
    assert list(context.ids)[:2] == ["i1", "i2"]


def test_with_a_graph_a_rule_is_handed_the_whole() -> None:
    from scipy.sparse import csr_array

    ring = csr_array(np.roll(np.eye(N), 1, axis=1))
    maker, learner, _ = made(side={GRAPH: ring})
    context, pool = maker.make(as_strategy("age"), SCHEMA, seed=0, rounds=(), exclude=["i11"])
    whole = context.whole
    assert whole is not None
    assert whole.pool.tolist() == pool.tolist() == [1, 2, 4, 6, 7, 8, 9, 10]
    assert (whole.labelled.tolist(), whole.pending.tolist()) == ([0, 5], [3])
    assert whole.view[GRAPH].shape == (N, N)
    as_strategy("age").select(context, 2)
    assert learner.calls == [(["embedding", "probs"], N)], "one call, for all items"
    assert whole.keys(0, "x")[pool].tolist() == context.keys("x").tolist()
    assert maker.make(as_strategy("age(whole=False)"), SCHEMA, seed=0, rounds=())[0].whole is None
    assert maker.make(as_strategy("margin"), SCHEMA, seed=0, rounds=())[0].whole is None
