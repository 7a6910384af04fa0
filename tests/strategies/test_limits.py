"""Limits hold for any strategy, and the strategy sees what was accepted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import querist
from querist.core.contract import choose
from querist.core.errors import ArgumentError, ArgumentTypeError, DataError, StateError
from querist.core.signals import EMBEDDING, GRAPH, GROUP, Context, Needs, Selection, View
from querist.strategies.algebra import Strategy, as_strategy
from querist.strategies.limits import Limit
from querist.testing.strategies import check_strategy

TOP = np.array([0.51, 0.55, 0.6, 0.7, 0.8, 0.9])
P = np.column_stack([TOP, 1 - TOP])  # by margin: rows 0 to 5
PAIRS = np.array([7, 7, 7, 3, 3, 5])


def signals(n: int = 40, seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(3), n)
    a = p.copy()
    a[np.arange(n), p.argmax(axis=1)] -= 1.0
    x = rng.normal(size=(n, 4))
    return {
        "probs": p,
        "embedding": x,
        "gradient": (a, x),
        "group": rng.permutation(np.arange(n) % 8),
        "cost": rng.random(n) + 0.2,
    }


def rows_of(array: Any, rows: list[int]) -> Any:
    return tuple(part[rows] for part in array) if isinstance(array, tuple) else array[rows]


def by_asking_again(strategy: str, n: int, per: int, given: dict[str, Any], use: str, sent: Any) -> list[int]:
    """The rule of `Limit`, with `querist.select` alone."""
    group = given["group"]
    taken: list[int] = []
    while len(taken) < n:
        counts = {g: sum(group[r] == g for r in taken) for g in set(group.tolist())}
        closed = [r for r in range(len(group)) if r in taken or counts[group[r]] >= per]
        if taken:
            fresh = rows_of(given[use], taken)
            pairs = zip(sent, fresh, strict=True) if isinstance(fresh, tuple) else [(sent, fresh)]
            joined = tuple(np.concatenate([a, b]) for a, b in pairs)
            pending = {use: joined if isinstance(fresh, tuple) else joined[0]}
        else:
            pending = {use: sent}
        wanted = min(n - len(taken), len(group) - len(closed))
        for row in querist.select(strategy, wanted, pending=pending, exclude=closed, **given).indices.tolist():
            if counts[group[row]] < per:
                counts[group[row]] += 1
                taken.append(row)
    return taken


@pytest.mark.parametrize(
    ("strategy", "use"), [("margin", "probs"), ("k_center", "embedding"), ("novelty >> top_k", "embedding")]
)
@pytest.mark.parametrize("per", [1, 2, 3])
def test_like_asking_again_by_hand(strategy: str, use: str, per: int) -> None:
    for seed in range(4):
        given_ = signals(seed=seed)
        sent = rows_of(signals(3, seed + 90)[use], [0, 1, 2])
        got = querist.select(f"limit({strategy}, per_group={per})", 8, pending={use: sent}, **given_)
        assert got.indices.tolist() == by_asking_again(strategy, 8, per, given_, use, sent)


@pytest.mark.parametrize("text", ["margin", "k_center", "badge", "entropy >> kmeans_pp", "power_margin", "random"])
def test_where_no_limit_binds_the_answer_is_the_strategys_own(text: str) -> None:
    given_ = signals()
    plain = querist.select(text, 9, seed=4, **given_)
    limited = querist.select(f"limit({text}, per_group=40, budget=1000)", 9, seed=4, **given_)
    assert limited.indices.tolist() == plain.indices.tolist()
    assert np.array_equal(limited.scores, plain.scores, equal_nan=True)


def test_groups_in_the_strategys_order() -> None:
    chosen = querist.select("limit(margin, per_group=1)", 3, probs=P, group=PAIRS)
    assert chosen.indices.tolist() == [0, 3, 5]
    assert chosen.reasons[1].endswith("; number 1 of at most 1 in group 3")
    assert querist.select("limit(margin, per_group=2)", 5, probs=P, group=PAIRS).indices.tolist() == [0, 1, 3, 4, 5]


def test_rules_about_distance_see_what_was_accepted() -> None:
    x = np.array([[0.0], [10.0], [9.0], [5.0], [4.9]])
    group = np.array([0, 1, 1, 2, 3])
    known = {"embedding": np.array([[-1.0]])}
    # row 1 is 11 away; then row 4 (4.9) is 5.1 away from 10 and row 3 (5.0) only 5.0; then row 0
    assert querist.select("k_center", 3, embedding=x, labelled=known).indices.tolist() == [1, 4, 0]
    group_of_4_and_1 = np.array([0, 1, 2, 3, 1])
    chosen = querist.select("limit(k_center, per_group=1)", 3, embedding=x, labelled=known, group=group_of_4_and_1)
    assert chosen.indices.tolist() == [1, 0, 3]  # 4.9 does not fit; 5 is now farthest from -1, 10 and 0
    assert querist.select("limit(k_center, per_group=1)", 3, embedding=x, labelled=known, group=group).indices[1] == 4


def test_badge_sees_the_gradients_of_what_was_accepted() -> None:
    h = np.array([[9.0, 0.0], [9.0, 0.0], [0.0, 1.0], [9.0, 0.0], [8.9, 0.0]])
    a = np.tile([-0.5, 0.5], (5, 1))
    group = np.array([0, 0, 1, 2, 0])  # rows 0, 1, 3 are copies: after one of them the others have distance 0
    for seed in range(10):
        chosen = querist.select("limit(badge, per_group=1)", 2, gradient=(a, h), group=group, seed=seed)
        assert 2 in chosen.indices.tolist()
        assert len(set(group[chosen.indices].tolist())) == 2


def test_classes() -> None:
    p = np.array([[0.9, 0.1], [0.6, 0.4], [0.55, 0.45], [0.2, 0.8], [0.4, 0.6]])
    assert querist.select("limit(margin, per_class=1)", 2, probs=p).indices.tolist() == [2, 4]
    assert querist.select("limit(margin, per_class={0: 1})", 3, probs=p).indices.tolist() == [2, 4, 3]
    chosen = querist.select("limit(margin, per_class={0: 0, 1: 2})", 2, probs=p)
    assert chosen.indices.tolist() == [4, 3]
    assert chosen.reasons[0].endswith("number 1 of at most 2 predicted as class 1")


def test_a_limit_is_a_limit() -> None:
    with pytest.raises(
        StateError, match=r"limit\(margin, per_group=1\): 3 of 6 items fit where 4 .*3 of 3 groups"
    ) as e:
        querist.select("limit(margin, per_group=1)", 4, probs=P, group=PAIRS)
    assert e.value.code == "NothingAvailable"
    with pytest.raises(StateError, match=r"1 of 1 predicted classes are full"):
        querist.select("limit(margin, per_class=2)", 3, probs=P)


def test_the_batch_ends_when_the_next_answer_exceeds_the_budget() -> None:
    cost = np.array([3.0, 4.0, 5.0, 1.0, 50.0, 1.0])
    chosen = querist.select("limit(margin, budget=10)", 6, probs=P, cost=cost)
    assert chosen.indices.tolist() == [0, 1]
    assert chosen.reasons[1].endswith("costs 4, 7 of 10 spent")
    filled = querist.select("limit(margin, budget=10, fill=True)", 6, probs=P, cost=cost)
    assert filled.indices.tolist() == [0, 1, 3, 5]
    assert querist.select("limit(margin, budget=12)", 6, probs=P, cost=cost).indices.tolist() == [0, 1, 2]
    dear = querist.select("limit(least_confidence, budget=10)", 2, probs=P[::-1], cost=cost[::-1])
    assert dear.indices.tolist() == [5, 4]
    with pytest.raises(StateError, match=r"budget of 0.5 buys no answer; the cheapest costs 1"):
        querist.select("limit(margin, budget=0.5)", 2, probs=P, cost=cost)
    with pytest.raises(DataError, match="cost must not be negative"):
        querist.select("limit(margin, budget=5)", 2, probs=P, cost=-cost)


def test_tenths_add_up() -> None:
    chosen = querist.select("limit(margin, budget=0.3)", 6, probs=P, cost=np.full(6, 0.1))
    assert len(chosen) == 3


def test_knapsack_by_score_per_cost() -> None:
    for seed in range(5):
        given_ = signals(seed=seed)
        margin, cost = querist.score("margin", probs=given_["probs"]), given_["cost"]
        left, wanted = 4.0, []
        for row in np.argsort(-margin / cost).tolist():
            if cost[row] <= left:
                wanted.append(row)
                left -= cost[row]
        chosen = querist.select("limit(cost_ratio(margin), budget=4, fill=True)", 40, **given_)
        assert chosen.indices.tolist() == wanted


def test_a_budget_inside_other_parts() -> None:
    cost = np.array([3.0, 4.0, 5.0, 1.0, 5.0, 1.0])
    text = "shortlist(least_confidence, n=5) | limit(margin, budget=8)"
    assert querist.select(text, 4, probs=P, cost=cost).indices.tolist() == [0, 1]
    text = "switch(after=3, first=limit(margin, budget=8), then=margin)"
    assert querist.select(text, 4, probs=P, cost=cost).indices.tolist() == [0, 1]
    text = "bandit([limit(margin, budget=8), limit(entropy, budget=8)])"
    assert querist.select(text, 4, probs=P, cost=cost).indices.tolist() == [0, 1]


def test_a_bandit_inside_plays_one_arm() -> None:
    given_ = signals()
    for seed in range(6):
        chosen = querist.select("limit(bandit([margin, random]), per_group=1)", 8, seed=seed, **given_)
        assert all(f"the bandit tries {chosen.arm} " in reason for reason in chosen.reasons)


@given(
    seed=st.integers(0, 1000),
    n=st.integers(1, 30),
    per=st.integers(1, 6),
    text=st.sampled_from(["margin", "k_center", "badge", "entropy >> power", "subsample(30) | k_center", "random"]),
)
@settings(max_examples=30, deadline=None)
def test_what_can_be_filled_is_filled(seed: int, n: int, per: int, text: str) -> None:
    given_ = signals(30, seed)
    room = int(np.minimum(np.bincount(given_["group"]), per).sum())
    limited = f"limit({text}, per_group={per})"
    if n <= room and "subsample" not in text:
        chosen = querist.select(limited, n, seed=seed, **given_)
        assert len(set(chosen.indices.tolist())) == n
        assert np.bincount(given_["group"][chosen.indices]).max() <= per
    elif n > room:
        with pytest.raises(StateError, match=rf"{room} of 30 items fit where {n} were asked"):
            querist.select(limited, n, seed=seed, **given_)


def test_only_the_inner_strategy_sees_accepted_items_and_pending_ones_stay() -> None:
    seen: list[tuple[int, NDArray[np.float64]]] = []

    class First(Strategy):
        """Takes rows from the front."""

        @property
        def needs(self) -> Needs:
            return Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING}))

        def select(self, ctx: Context, n: int) -> Selection:
            seen.append((len(ctx.pending), np.asarray(ctx.pending[EMBEDDING]).ravel().copy()))
            return Selection(np.arange(n), np.zeros(n))

    x = np.arange(6.0)[:, None]
    ctx = Context(
        View(6, {EMBEDDING: x, GROUP: np.array([0, 0, 1, 1, 2, 2])}),
        pending=View(1, {EMBEDDING: np.array([[99.0]])}, role="pending"),
    )
    chosen = choose(Limit(First(), per_group=1), ctx, 3)
    assert chosen.indices.tolist() == [0, 2, 4]
    assert [(n, values.tolist()) for n, values in seen] == [(1, [99.0]), (3, [99.0, 0.0, 2.0])]


def test_accepted_items_are_pending_in_the_whole() -> None:
    from scipy.sparse import csr_array

    from wholes import within

    star = csr_array(np.array([[0, 1, 1, 1, 0, 0]] + [[0] * 6] * 3 + [[0, 0, 0, 0, 0, 1]] + [[0] * 6], dtype=float))
    x, group = np.zeros((6, 1)), np.array([0, 0, 0, 0, 1, 1])
    ctx = within({EMBEDDING: x, GRAPH: star, GROUP: group}, range(5))
    chosen = Limit("grain(hops=1)", per_group=1).select(ctx, 2)
    assert chosen.indices.tolist() == [0, 4]
    assert chosen.scores[1] == pytest.approx(2 / 6), "4 and 5 are reached for the first time; distances are all 0"


def test_pending_items_without_the_signal_do_not_hide_what_was_accepted() -> None:
    x = np.array([[0.0], [10.0], [10.0], [5.0]])
    chosen = querist.select(
        "limit(k_center, per_group=1)",
        2,
        embedding=x,
        group=np.array([0, 1, 1, 1]),
        labelled={"embedding": np.array([[0.0]])},
        pending={"probs": np.array([[0.5, 0.5]])},
    )
    assert sorted(chosen.indices.tolist()) in ([0, 1], [0, 2])


def test_what_it_needs() -> None:
    part = as_strategy("limit(switch(after=1, first=random, then=margin), per_group=2, budget=3)")
    assert sorted(str(s) for s in part.needs.pool) == ["cost", "group", "probs"]
    assert sorted(str(s) for s in part.needs_at(0).pool) == ["cost", "group"]
    assert part.may_stop_short
    assert not as_strategy("limit(margin, per_group=2)").may_stop_short
    with pytest.raises(ArgumentError, match=r"needs the signal group"):
        querist.select("limit(margin, per_group=2)", 1, probs=P)


@pytest.mark.parametrize(
    "text",
    [
        "limit(margin, per_group=2)",
        "limit(entropy >> k_center, per_class={0: 5, 2: 7}, budget=30.5, fill=True)",
        "subsample(9) | limit(shortlist(margin, times=2) | k_center, per_class=3)",
    ],
)
def test_text_form(text: str) -> None:
    assert str(querist.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "limit(badge, per_group=15)",
        "limit(novelty >> k_center, per_class=25)",
        "limit(k_center, budget=12)",
        "limit(cost_ratio(margin), budget=9, fill=True)",
    ],
)
def test_the_contract(text: str) -> None:
    check_strategy(text)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "sets no limit"),
        ({"per_group": 0}, "per_group must be ≥ 1"),
        ({"per_class": {}}, "names no class"),
        ({"budget": 0}, "budget must be a number above 0"),
        ({"budget": float("inf")}, "budget must be a number above 0"),
        ({"per_group": 2, "fill": True}, "give budget too"),
    ],
)
def test_bad_values(parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        Limit("margin", **parameters)


def test_more_bad_values() -> None:
    with pytest.raises(ArgumentTypeError, match="budget"):
        Limit("margin", budget="30")  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="fill"):
        Limit("margin", budget=3, fill=1)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="write all limits in one"):
        querist.parse("limit(limit(margin, budget=3), per_group=2)")
    with pytest.raises(ArgumentError, match="put the budget around the whole"):
        querist.parse("mix({limit(margin, budget=3): 1, random: 1})")
    with pytest.raises(ArgumentError, match="put the budget around the whole"):
        querist.parse("interleave(limit(margin, budget=3), random)")


def test_only_what_says_so_may_stop_short() -> None:
    class Short(Strategy):
        """Gives one row, whatever is asked."""

        def select(self, ctx: Context, n: int) -> Selection:
            return Selection(np.arange(1), np.zeros(1))

    class Excused(Short):
        """Says so."""

        @property
        def may_stop_short(self) -> bool:
            return True

    ctx = Context(View(6))
    with pytest.raises(StateError, match="gave 1 rows where 3 were asked"):
        choose(Short(), ctx, 3)
    assert len(choose(Excused(), ctx, 3)) == 1
