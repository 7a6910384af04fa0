"""Strategies are held to their contract; counts are checked under the caller's name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from querist.core.contract import check_count, choose, needs_now
from querist.core.errors import ArgumentError, ArgumentTypeError, StateError
from querist.core.signals import EMBEDDING, Context, Needs, Selection, View


class Given:
    """Gives what it holds."""

    needs = Needs()

    def __init__(self, indices: Any, scores: Any = None, reasons: tuple[str, ...] = ()) -> None:
        scores = np.zeros(len(np.atleast_1d(indices))) if scores is None else scores
        self.selection = Selection(np.asarray(indices), scores, reasons)

    def select(self, ctx: Context, n: int) -> Selection:
        return self.selection

    def __str__(self) -> str:
        return "given"


CTX = Context(View(4, {EMBEDDING: np.eye(4)}))


def test_what_keeps_the_contract_passes() -> None:
    chosen = choose(Given(np.array([3, 1], dtype=np.int32), np.array([1, 2], dtype=np.float32)), CTX, 2)
    assert chosen.indices.dtype == np.int64
    assert chosen.scores.dtype == np.float64
    assert len(choose(Given([0, 1, 2, 3]), CTX, 9)) == 4, "no more than there are"


def test_who_may_stop_short_gives_at_least_one_row_and_all_else_holds() -> None:
    class Short(Given):
        may_stop_short = True

    assert choose(Short([2]), CTX, 3).indices.tolist() == [2]
    for rows, words in (([], "0 rows where 3"), ([0, 0], "row 0 more than once"), ([9], "row 9"), ([0] * 4, "4 rows")):
        with pytest.raises(StateError, match=words):
            choose(Short(np.array(rows, dtype=np.int64)), CTX, 3)


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        (Given([0, 0]), "row 0 more than once"),
        (Given([0, 4]), "row 4, which is not in the pool of 4 items"),
        (Given([0, -1]), "row -1"),
        (Given([0]), "1 rows where 2 were asked"),
        (Given([0.5, 1.0]), "not a list of whole numbers"),
        (Given([[0, 1]]), "shape"),
        (Given([0, 1], np.zeros(3)), "3 scores"),
        (Given([0, 1], None, ("why",)), "1 reasons"),
    ],
)
def test_what_breaks_it_is_named(strategy: Given, words: str) -> None:
    with pytest.raises(StateError, match=words) as error:
        choose(strategy, CTX, 2)
    assert error.value.code == "StrategyContract"
    assert "given" in str(error.value)


@pytest.mark.parametrize("value", [2.5, True, "5", None])
def test_counts_of_the_wrong_kind(value: object) -> None:
    with pytest.raises(ArgumentTypeError, match=f"batch must be a whole number ≥ 1, got {type(value).__name__}"):
        check_count(value, "batch")


def test_counts_below_one() -> None:
    with pytest.raises(ArgumentError, match="n must be ≥ 1, got -3"):
        check_count(-3, "n")
    assert check_count(np.int32(3), "n") == 3


def test_needs_by_round() -> None:
    class Later(Given):
        def needs_at(self, round: int) -> Needs:
            return Needs(pool=frozenset({EMBEDDING})) if round else Needs()

    assert needs_now(Later([0]), 0) == Needs()
    assert needs_now(Later([0]), 1).pool == {EMBEDDING}
    assert needs_now(Given([0]), 5) == Needs()
