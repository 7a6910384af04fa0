"""The stop set and what is watched on it."""

from __future__ import annotations

from typing import Any

import numpy as np

import querist
from querist.core.signals import PROBS, View
from querist.core.types import Labels
from querist.data.ledger import Ledger
from querist.session.agreement import STOP_SET, Watcher, stop_set


class Fixed:
    """Predicts what it is told."""

    provides = frozenset({PROBS})

    def __init__(self) -> None:
        self.classes = np.zeros(10, dtype=int)

    def signals(self, items: Any, names: Any) -> View:
        return View(len(items), {PROBS: np.eye(2)[self.classes[items.rows]]})


def ledger(n: int = 10) -> Ledger:
    return Ledger(querist.read(np.arange(2.0 * n).reshape(n, 2), ids=[f"i{k}" for k in range(n)]), np.array([0]))


def test_stop_set_is_fixed_by_seed_and_leaves_held_items_out() -> None:
    big = ledger(3_000)
    items = stop_set(big, 1)
    assert len(items) == STOP_SET
    assert list(items) == list(stop_set(big, 1))
    assert list(items) != list(stop_set(big, 2))
    assert "i0" not in set(stop_set(ledger(), 0))


def test_agreement_and_surprise() -> None:
    book, learner = ledger(), Fixed()
    watcher = Watcher(learner, stop_set(book, 0))  # type: ignore[arg-type]
    assert watcher.agreement() is None
    learner.classes = np.array([0, 1, 1, 1, 1, 0, 0, 0, 0, 0])
    assert watcher.agreement() == 0.0, "one of the two is constant"
    assert watcher.agreement() == 1.0
    from querist.core.types import Answer, Event

    answers = [Answer.label(f"i{k}", "b") for k in (1, 2, 7)]
    book.apply(Event("told", {"query": None, "answers": [a.to_json() for a in answers]}))
    labels: Labels = book.labels(querist.SingleLabel(("a", "b")))
    assert watcher.surprise(book, labels, ["i2", "i7"]) == 0.5
    assert watcher.surprise(book, labels, []) is None
