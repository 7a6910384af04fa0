"""Operators, what stands where, and the contract of ratings."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from querist.core.errors import ArgumentTypeError, DataError, QueristError, StateError
from querist.core.signals import EMBEDDING, MEMBERS, PROBS, Context, Needs, Selection, View
from querist.strategies.algebra import Filter, Part, Score, Selector, as_score, as_strategy, rated
from querist.strategies.arrays import select
from querist.strategies.combinators import Switch
from querist.strategies.filters.shortlist import Shortlist
from querist.strategies.filters.subsample import Subsample
from querist.strategies.scores.bald import Bald
from querist.strategies.scores.egl import Egl
from querist.strategies.scores.entropy import Entropy
from querist.strategies.scores.margin import Margin
from querist.strategies.scores.random import Random
from querist.strategies.selectors.top_k import TopK


def test_parts_are_values() -> None:
    assert Margin() == Margin()
    assert len({Margin(), Margin(), Entropy()}) == 2
    assert Margin() + Entropy() == Margin() + Entropy() != Entropy() + Margin()
    with pytest.raises(dataclasses.FrozenInstanceError):
        Subsample(3).n = 4  # type: ignore[misc]


def test_text_and_python() -> None:
    part = Shortlist(Margin(), times=10) | Subsample(50) | (0.5 * Entropy() + Margin() >> TopK())
    assert str(part) == "shortlist(margin, times=10) | subsample(50) | 0.5 * entropy + margin >> top_k"
    assert repr(part) == "Shortlist(Margin(), times=10) | Subsample(50) | 0.5 * Entropy() + Margin() >> TopK()"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Margin() >> Entropy(),  # type: ignore[operator]
        lambda: Margin() >> 3,  # type: ignore[operator]
        lambda: Margin() | Entropy(),
        lambda: TopK() | Margin(),
        lambda: Margin() + TopK(),  # type: ignore[operator]
        lambda: Subsample(3) | 7,  # type: ignore[operator]
        lambda: as_strategy(Subsample(3)),
        lambda: as_strategy(None),
        lambda: as_strategy(Margin),
        lambda: as_score(TopK()),
        lambda: as_score("margin >> top_k"),
    ],
)
def test_what_does_not_fit_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(ArgumentTypeError) as error:
        wrong()
    assert error.value.code == "BadExpression"


def test_needs_of_a_whole() -> None:
    part = Shortlist(Margin(), times=2) | (Bald() >> TopK())
    assert part.needs == Needs(pool=frozenset({PROBS, MEMBERS}), unfit=frozenset({"number", "labels"}))
    assert as_strategy(TopK()).needs == Needs()
    assert (Egl() + Margin()).needs.pool == {PROBS, EMBEDDING}
    assert part.needs.model
    assert not Random().needs.model


def test_needs_of_a_round() -> None:
    part = Subsample(9) | Switch(after=2, first="random", then="margin")
    assert part.needs.pool == {PROBS}
    assert [part.needs_at(r).pool for r in (0, 1, 2, 3)] == [frozenset(), frozenset(), {PROBS}, {PROBS}]
    assert Margin().needs_at(0) == Margin().needs


@dataclass(frozen=True, repr=False)
class Given(Score):
    """Gives what it was given."""

    values: tuple[float, ...]

    def rate(self, ctx: Context) -> Any:
        """The values."""
        return np.array(self.values)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((0.0, float("nan"), 1.0), r"given.* rated 1 of 3 items NaN or infinite, first rows \[1\]"),
        ((float("inf"), float("-inf"), 1.0), r"rated 2 of 3 items NaN or infinite, first rows \[0, 1\]"),
        ((1.0, 2.0), r"ratings of shape \(2,\) for 3 items"),
    ],
)
def test_bad_ratings_select_nothing(values: tuple[float, ...], words: str) -> None:
    with pytest.raises(DataError, match=words) as error:
        select(Given(values), 1, ids=range(3))
    assert error.value.code == "BadScores"


def test_large_ratings_whose_sum_overflows_are_fine() -> None:
    assert rated(Given((1.7e308, 1.7e308)), Context(View(2))).tolist() == [1.7e308, 1.7e308]


@dataclass(frozen=True, repr=False)
class Broken(Selector):
    """Picks what it was told."""

    rows: tuple[Any, ...]

    def pick(self, ctx: Context, n: int, scores: Any) -> Selection:
        """The rows."""
        return Selection(np.array(self.rows), np.zeros(len(self.rows)))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((1, 1), "gave row 1 more than once"),
        ((0, 9), "gave row 9, which is not in the pool of 4 items"),
        ((0, -1), "gave row -1, which is not in the pool"),
        ((0,), "gave 1 rows where 2 were asked"),
        ((0.0, 1.0), "float64, not a list of whole numbers"),
    ],
)
def test_a_broken_selector_is_named(rows: tuple[Any, ...], words: str) -> None:
    with pytest.raises(StateError, match=words) as error:
        select(Broken(rows), 2, ids=range(4))
    assert error.value.code == "StrategyContract"
    assert "broken" in str(error.value)


@dataclass(frozen=True, repr=False)
class Even(Filter):
    """Keeps rows of even number."""

    def keep(self, ctx: Context, n: int) -> Any:
        """Every second row."""
        return np.arange(0, ctx.size, 2)


def test_filters_chain_and_give_rows_of_the_whole_pool() -> None:
    p = np.column_stack([np.linspace(0.5, 1, 9), np.linspace(0.5, 0, 9)])
    chosen = select(Even() | Even() | Margin(), 3, probs=p)
    assert chosen.indices.tolist() == [0, 4, 8]
    assert str(Even() | (Even() | Margin())) == str((Even() | Even()) | Margin()) == "even | even | margin"
    assert chosen.reasons[0].endswith("among 3 of 5 kept by even; among 5 of 9 kept by even")
    with pytest.raises(StateError, match="even left 3 of 5 items where 4 were asked"):
        select(Even() | Even() | Margin(), 4, probs=p)


def test_names() -> None:
    assert [p.part_name() for p in (Margin, TopK, Shortlist)] == ["margin", "top_k", "shortlist"]
    assert issubclass(Margin, Part)
    with pytest.raises(QueristError, match="only narrows the pool; say what picks from it"):
        select("subsample(3)", 1, ids=range(3))
