"""UCB1 over strategies, its state read from the history alone."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest

from querist.core.errors import ArgumentError, ArgumentTypeError, QueristError
from querist.core.seeds import derive
from querist.core.signals import PROBS, Context, View
from querist.core.types import Round
from querist.strategies.bandit import Bandit
from querist.strategies.filters.subsample import Subsample
from querist.strategies.parser import parse
from querist.strategies.scores.margin import Margin

P = np.random.default_rng(0).dirichlet(np.ones(3), 30)
THREE = Bandit(["margin", "random", "entropy >> top_k"])


def past(*plays: tuple[str | None, float | None]) -> tuple[Round, ...]:
    return tuple(Round(i, i * 5, 0.0, arm=arm, surprise=surprise) for i, (arm, surprise) in enumerate(plays))


def play(bandit: Bandit, history: tuple[Round, ...], seed: int = 0) -> tuple[str, str]:
    got = bandit.select(Context(View(30, {PROBS: P}), seed=seed, history=history, round=len(history)), 4)
    assert got.arm is not None
    return got.arm, got.reasons[0]


def test_each_arm_is_tried_once_first() -> None:
    for root in range(20):
        history: tuple[Round, ...] = ()
        arms = []
        for turn in range(3):
            arm, reason = play(THREE, history, derive(root, turn))
            assert reason.endswith(f"the bandit tries {arm} for the first time")
            arms.append(arm)
            history += past((arm, 0.5))
        assert sorted(arms) == ["entropy >> top_k", "margin", "random"]


def test_the_order_is_drawn_by_the_seed() -> None:
    first = Counter(play(THREE, (), seed)[0] for seed in range(300))
    assert all(abs(count - 100) < 5 * math.sqrt(300 * 2 / 9) for count in first.values())
    assert len(first) == 3
    assert play(THREE, (), 7) == play(THREE, (), 7)


def test_upper_bounds_by_hand() -> None:
    """Means .5, .4, .1 over 2, 1, 3 plays: bounds .5 + sqrt(2 ln 6 / 2) = 1.84, .4 + sqrt(2 ln 6) = 2.29, 1.19."""
    history = past(("margin", 0.6), ("random", 0.4), ("margin", 0.4), *[("entropy >> top_k", 0.1)] * 3)
    arm, reason = play(THREE, history)
    assert arm == "random"
    assert reason.endswith(
        "the bandit plays random: 40% of its answers surprised the model over 1 rounds, upper bound 2.29"
    )
    assert math.isclose(0.4 + math.sqrt(2 * math.log(6)), 2.293, abs_tol=1e-3)
    greedy = dataclasses.replace(THREE, exploration=0.0)
    assert play(greedy, history)[0] == "margin"


def test_ties_are_settled_by_the_draw() -> None:
    history = past(("margin", 0.5), ("random", 0.5), ("entropy >> top_k", 0.5))
    assert len({play(THREE, history, seed)[0] for seed in range(30)}) == 3


def test_rounds_without_a_reward_teach_nothing_but_count_as_tried() -> None:
    """Before the first fit nothing can be surprised: the other arms come first, then the arm again."""
    history = past(("margin", None))
    assert {play(THREE, history, seed)[0] for seed in range(20)} == {"random", "entropy >> top_k"}
    later = past(("margin", None), ("random", 0.9), ("entropy >> top_k", 0.9))
    arm, reason = play(THREE, later)
    assert arm == "margin"
    assert reason.endswith("the bandit tries margin again, no reward being known yet")


def test_rounds_of_others_are_passed_over() -> None:
    history = past((None, 0.9), ("k_center", 1.0), ("margin", 0.2), ("random", 0.1), ("entropy >> top_k", 0.1))
    plain = past(("margin", 0.2), ("random", 0.1), ("entropy >> top_k", 0.1))
    assert play(THREE, history) == play(THREE, plain)


def test_the_better_arm_is_played_more() -> None:
    bandit = Bandit(["margin", "random"], exploration=0.5)
    history: tuple[Round, ...] = ()
    rng = np.random.default_rng(0)
    for turn in range(60):
        arm, _ = play(bandit, history, derive(3, turn))
        history += past((arm, float(rng.binomial(10, 0.6 if arm == "margin" else 0.2) / 10)))
    counts = Counter(r.arm for r in history)
    assert counts["margin"] > 40
    assert counts["random"] >= 2


def test_it_survives_a_restart() -> None:
    """A bandit read anew from its text, given the same history, plays the same."""
    history = past(("margin", 0.3), ("random", 0.2), ("entropy >> top_k", 0.35), ("margin", 0.1))
    again = parse(str(THREE))
    assert isinstance(again, Bandit)
    assert [play(again, history, s) for s in range(5)] == [play(THREE, history, s) for s in range(5)]


def test_it_chooses_as_the_arm_does() -> None:
    ctx = Context(View(30, {PROBS: P}), history=past(("margin", 1.0), ("random", 0.0)))
    got = Bandit(["margin", "random"], exploration=0).select(ctx, 5)
    alone = (Subsample(30) | Margin()).select(ctx, 5)
    assert got.indices.tolist() == alone.indices.tolist()
    assert (Subsample(30) | Bandit(["margin", "random"], exploration=0)).select(ctx, 5).arm == "margin"


def test_text() -> None:
    assert str(THREE) == "bandit([margin, random, entropy >> top_k])"
    assert repr(THREE) == "Bandit([Margin(), Random(), Entropy() >> TopK()])"
    assert str(Bandit(["margin", "random"], exploration=0.5)) == "bandit([margin, random], exploration=0.5)"
    assert Bandit(["margin", "random"]) == Bandit((Margin(), "random"), exploration=math.sqrt(2))


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ((["margin"],), ArgumentTypeError, "at least two strategies"),
        (("margin",), ArgumentTypeError, "at least two strategies"),
        ((3,), ArgumentTypeError, "at least two strategies"),
        ((["margin", Margin()],), ArgumentError, "names the arm margin twice"),
        ((["margin", "subsample(3)"],), ArgumentTypeError, "only narrows the pool"),
        ((["margin", "random"], -1), ArgumentError, "exploration must be a number ≥ 0, got -1"),
        ((["margin", "random"], float("nan")), ArgumentError, "got nan"),
        ((["margin", "random"], "much"), ArgumentTypeError, "got str much"),
    ],
)
def test_bad_parameters(arguments: tuple[Any, ...], kind: type[QueristError], words: str) -> None:
    with pytest.raises(kind, match=words):
        Bandit(*arguments)
