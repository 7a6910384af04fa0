"""Sharing a batch, taking turns, and changing once."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.errors import ArgumentError, ArgumentTypeError, QueristError
from querist.core.signals import MEMBERS, PROBS, Context, Selection, View
from querist.strategies.algebra import as_strategy
from querist.strategies.arrays import context, select
from querist.strategies.bandit import Bandit
from querist.strategies.combinators import Interleave, Mix, Switch, _largest_remainder
from querist.strategies.filters.subsample import Subsample
from querist.strategies.scores.bald import Bald
from querist.strategies.scores.entropy import Entropy
from querist.strategies.scores.margin import Margin
from querist.strategies.scores.random import Random
from querist.strategies.selectors.top_k import TopK

COST = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
LC = np.array([0.5, 0.45, 0.4, 0.3, 0.2, 0.1])
P = np.column_stack([1 - LC, LC])  # by margin: 0, 1, 2, 3, 4, 5
BACK: dict[str, Any] = {"members": P[::-1, None, :]}  # by predictive_entropy: 5, 4, 3, 2, 1, 0


def chosen(text: Any, n: int, **more: Any) -> list[int]:
    rows: list[int] = select(text, n, probs=P, **BACK, **more).indices.tolist()
    return rows


def test_shares_in_the_order_written() -> None:
    assert chosen("mix({margin: 0.5, predictive_entropy: 0.5})", 4) == [0, 1, 5, 4]
    assert chosen("mix({predictive_entropy: 0.5, margin: 0.5})", 4) == [5, 4, 0, 1]
    assert chosen("mix({margin: 3, predictive_entropy: 1})", 4) == [0, 1, 2, 5]
    assert chosen("mix({margin: 1})", 2) == [0, 1]


def test_rows_already_taken_are_passed_over() -> None:
    """Entropy ranks as margin does, so its two first choices are taken and its third and fourth come."""
    assert chosen("mix({margin: 0.5, entropy: 0.5})", 4) == [0, 1, 2, 3]
    assert chosen("mix({margin: 0.5, entropy: 0.5})", 6) == [0, 1, 2, 3, 4, 5]
    assert chosen("mix({margin: 0.5, predictive_entropy: 0.5})", 6) == [0, 1, 2, 5, 4, 3]


@pytest.mark.parametrize(
    ("shares", "n", "counts"),
    [
        ([0.8, 0.2], 10, [8, 2]),
        ([0.8, 0.2], 4, [3, 1]),  # 3.2 and 0.8
        ([0.5, 0.5], 3, [2, 1]),  # equal remainders: the earlier
        ([1 / 3, 1 / 3, 1 / 3], 2, [1, 1, 0]),
        ([0.7, 0.2, 0.1], 10, [7, 2, 1]),
        ([0.29, 0.71], 100, [29, 71]),
        ([0.1, 0.9], 1, [0, 1]),
        ([0.05, 0.05, 0.9], 10, [1, 0, 9]),
    ],
)
def test_largest_remainder(shares: list[float], n: int, counts: list[int]) -> None:
    assert _largest_remainder(shares, n) == counts


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=6), st.integers(1, 500))
def test_largest_remainder_adds_up(weights: list[float], n: int) -> None:
    shares = [w / sum(weights) for w in weights]
    counts = _largest_remainder(shares, n)
    assert sum(counts) == n
    assert all(abs(count - share * n) < 1 + 1e-6 for count, share in zip(counts, shares, strict=True))


def test_mix_keeps_scores_and_says_who_chose() -> None:
    got = select("mix({margin: 0.5, predictive_entropy: 0.5})", 2, probs=P, **BACK)
    np.testing.assert_allclose(got.scores, [1.0, np.log(2)])
    assert got.reasons[0] == "two nearest classes 0.50 / 0.50; chosen by margin"
    assert got.reasons[1].endswith("nats; chosen by predictive_entropy")


def test_interleave_takes_turns() -> None:
    assert chosen("interleave(margin, predictive_entropy)", 5) == [0, 5, 1, 4, 2]
    assert chosen("interleave(predictive_entropy, margin)", 5) == [5, 0, 4, 1, 3]
    assert chosen("interleave(margin, entropy)", 4) == [0, 1, 2, 3]
    assert chosen("interleave(margin, entropy, predictive_entropy)", 6) == [0, 1, 5, 2, 3, 4]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 12), st.integers(1, 14), st.integers(0, 9))
def test_both_fill_any_batch_with_distinct_rows(size: int, n: int, seed: int) -> None:
    p = np.random.default_rng(seed).dirichlet(np.ones(3), size)
    ctx = context(Margin().needs, seed=seed, ids=None, labelled=None, pending=None, reference=None, probs=p)
    for part in (Mix({"margin": 2, "random": 1, "entropy": 1}), Interleave("margin", "random", "entropy")):
        rows = part.select(ctx, min(n, size)).indices.tolist()
        assert len(rows) == len(set(rows)) == min(n, size)


def test_text_and_python() -> None:
    mix = Mix({Margin(): 0.8, "random": 0.2})
    assert str(mix) == "mix({margin: 0.8, random: 0.2})"
    assert repr(mix) == "Mix({Margin(): 0.8, Random(): 0.2})"
    assert str(Interleave(Margin(), Entropy() >> TopK())) == "interleave(margin, entropy >> top_k)"
    assert repr(Interleave("margin", "random")) == "Interleave(Margin(), Random())"
    switch = Switch(after=3, first="random", then="subsample(9) | margin")
    assert str(switch) == "switch(after=3, first=random, then=subsample(9) | margin)"
    assert repr(switch) == "Switch(after=3, first=Random(), then=Subsample(9) | Margin())"


def test_members_are_kept_as_written() -> None:
    assert Mix({as_strategy("margin"): 1}) == Mix({Margin(): 1}) == Mix({"margin": 1.0})
    assert Mix({as_strategy(TopK()): 1}).members == (TopK(),)
    assert Mix({Margin(): 1}) != Mix({Margin(): 2})
    assert len({Mix({Margin(): 1}), Mix({Margin(): 1})}) == 1
    assert Interleave(Margin(), Random()) != Mix({Margin(): 1.0, Random(): 1.0})


def test_needs_are_those_of_all() -> None:
    assert Mix({Margin(): 1, Bald(): 1}).needs.pool == {PROBS, MEMBERS}
    assert Interleave(Margin(), Bald()).needs.pool == {PROBS, MEMBERS}
    switch = Switch(1, Random(), Margin())
    assert switch.needs.pool == {PROBS}
    assert switch.needs_at(0).pool == frozenset()
    assert Mix({switch: 1, Bald(): 1}).needs_at(0).pool == {MEMBERS}
    assert Interleave(switch, Random()).needs_at(1).pool == {PROBS}


def test_switch_by_round() -> None:
    pool = View(6, {PROBS: P})
    switch = Switch(after=2, first=Random(), then=Margin())
    played = {}
    for round in range(4):
        got = switch.select(Context(pool, round=round, seed=1), 3)
        played[round] = got.indices.tolist()
        assert got.reasons[0].endswith(f" in round {round} (switch after 2)")
    assert played[0] == played[1] == as_strategy(Random()).select(Context(pool, seed=1), 3).indices.tolist()
    assert played[2] == played[3] == [0, 1, 2]
    assert chosen("switch(after=0, first=random, then=margin)", 2) == [0, 1]
    assert chosen("switch(after=1, first=margin, then=random)", 2) == [0, 1]  # bare arrays: round 0


def test_an_arm_inside_a_switch_is_kept() -> None:
    switch = Switch(after=0, first="random", then=Bandit(["random", "top_k"]))
    got = (Subsample(5) | switch).select(Context(View(9)), 2)
    assert isinstance(got, Selection)
    assert got.arm in ("random", "top_k")


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ({}, "mix takes a mapping"),
        ([("margin", 1)], "mix takes a mapping"),
        ({"margin": "1"}, "the share of margin must be a number above 0, got str"),
        ({"margin": True}, "must be a number above 0, got bool"),
        ({"margin": 0}, "above 0, got 0"),
        ({"margin": -1, "random": 2}, "the share of margin must be a number above 0, got -1"),
        ({"margin": float("nan")}, "above 0, got nan"),
        ({"margin": float("inf")}, "above 0, got inf"),
        ({"margin": 1, Margin(): 2}, "mix names margin twice"),
    ],
)
def test_bad_shares(shares: Any, words: str) -> None:
    with pytest.raises((ArgumentError, ArgumentTypeError), match=words) as error:
        Mix(shares)
    assert error.value.code == "BadParameter"


@pytest.mark.parametrize(
    ("after", "kind"),
    [(-1, ArgumentError), (2.5, ArgumentTypeError), (True, ArgumentTypeError), ("3", ArgumentTypeError)],
)
def test_bad_after(after: Any, kind: type[QueristError]) -> None:
    with pytest.raises(kind, match="after must be a whole number of rounds ≥ 0"):
        Switch(after, "random", "margin")


@pytest.mark.parametrize(
    "build",
    [
        lambda: Mix({Subsample(3): 1}),
        lambda: Interleave("random", 3),  # type: ignore[arg-type]
        lambda: Switch(1, "subsample(3)", "random"),
    ],
)
def test_only_what_can_choose_is_a_member(build: Callable[[], object]) -> None:
    with pytest.raises(ArgumentTypeError) as error:
        build()
    assert error.value.code == "BadExpression"


def test_names_are_several_and_different() -> None:
    with pytest.raises(ArgumentError, match="at least two strategies"):
        Interleave("random")
    with pytest.raises(ArgumentError, match="interleave names random twice"):
        Interleave("random", Random())


def test_mix_of_random_strategies_is_uniform() -> None:
    counts: Counter[int] = Counter()
    for seed in range(600):
        counts.update(
            select("mix({subsample(5) | top_k: 0.5, random: 0.5})", 4, ids=range(10), seed=seed).indices.tolist()
        )
    assert all(abs(counts[i] - 240) < 5 * np.sqrt(600 * 0.4 * 0.6) for i in range(10))


def test_mapping_is_copied() -> None:
    shares: Mapping[Any, float] = {"margin": 1.0}
    mix = Mix(shares)
    assert dataclasses.is_dataclass(mix)
    assert isinstance(mix.shares, tuple)
