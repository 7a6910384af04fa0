"""Members asked once, their rows handed out one at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from querist.core.errors import ArgumentError, ArgumentTypeError, QueristError
from querist.core.signals import PROBS, Context, View
from querist.core.types import Round
from querist.strategies.parser import parse
from querist.strategies.turns import Turns, batches, members_of

P = np.array([[0.5, 0.5], [0.6, 0.4], [0.7, 0.3], [0.8, 0.2]])


def test_rows_are_taken_once() -> None:
    turns = Turns([parse("margin"), parse("-1 * margin >> top_k")], Context(View(4, {PROBS: P})), 4)
    assert turns.peek() == [0, 3]
    row, score, _ = turns.take(0)
    assert (row, score) == (0, 1.0)
    turns.mark(3)
    assert turns.peek() == [1, 2]
    row, score, reason = turns.take(1)
    assert row == 2
    assert score == pytest.approx(-0.6)
    assert reason
    assert turns.peek() == [1, 1]


def test_members_are_kept_as_written() -> None:
    assert [str(m) for m in members_of("x", ["margin", "entropy >> k_means"], "")] == ["margin", "entropy >> k_means"]


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        ("margin", ArgumentTypeError, "x takes a list of at least two strategies, e.g. y; got margin"),
        (["margin"], ArgumentTypeError, "at least two"),
        (7, ArgumentTypeError, "at least two"),
        (["margin", "margin >> top_k", "margin"], ArgumentError, "x names margin twice"),
        (["margin", "subsample(3)"], ArgumentTypeError, "only narrows the pool"),
    ],
)
def test_bad_members(given: Any, kind: type[QueristError], words: str) -> None:
    with pytest.raises(kind, match=words):
        members_of("x", given, "y")


def test_each_batch_counts_once() -> None:
    """Answers that came late were fitted by themselves: the round after them tells of the same batch again."""
    one, other = Round(0, 2, 0.0, arm="x: 1", asked=("a", "b")), Round(2, 5, 0.0, arm="x: 2", asked=("c",))
    late, strange = Round(1, 3, 0.0, arm="x: 1", asked=("a", "b")), Round(3, 6, 0.0, arm="y: 2", asked=("d",))
    assert batches([one, late, other, strange, Round(4, 7, 0.0)], "x: ") == [late, other]
