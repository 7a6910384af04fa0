"""TAILOR: counts read from the history, rare classes worth more, members drawn by Thompson sampling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from querist.core.errors import ArgumentTypeError
from querist.core.signals import LABELS, PROBS, Context, View
from querist.core.types import Round
from querist.strategies.methods.tailor import Tailor, rarity
from querist.strategies.parser import parse

P = np.random.default_rng(0).dirichlet(np.ones(3), 40)
TWO = Tailor(["margin", "random"])
TAG = "tailor([margin, random]): played "


def context(labels: Sequence[int], history: Sequence[Round] = (), ids: Any = None, seed: int = 0) -> Context:
    return Context(
        View(40, {PROBS: P}),
        labelled=View(len(labels), {LABELS: np.array(labels, dtype=np.int64)}, role="labelled"),
        seed=seed,
        history=tuple(history),
        labelled_ids=ids,
    )


def test_rarity_by_hand() -> None:
    """Counts 6, 2, 0, 1 of 9: the first has more than half; none counts as one."""
    labels = np.array([0] * 6 + [1] * 2 + [3])
    assert rarity(labels, 4) == pytest.approx([-1 / 6, 1 / 2, 1, 1])
    assert rarity(np.array([0, 1]), 2).tolist() == [1.0, 1.0]


def test_counts_by_hand() -> None:
    """Ones; a round of classes 0, 1 by margin and 1 by random; then one of class 2 by random, the rest times .9."""
    rounds = [
        Round(0, 3, 0.0, arm=f"{TAG}0 1 0", asked=("a", "b", "c")),
        Round(1, 3, 0.0, arm="margin", asked=("z",)),
        Round(2, 5, 0.0, arm=f"{TAG}1 0", asked=("d", "e")),
    ]
    ids, labels = ["a", "b", "c", "d"], [0, 1, 1, 2]
    got = TWO._counts(context(labels, rounds, ids), np.array(labels))
    expected = np.array([[0.81 + 0.9, 0.81 + 0.9, 0.81], [0.81, 0.81 + 0.9, 0.81 + 1]])
    assert got == pytest.approx(expected)


def test_without_a_history_all_play_alike() -> None:
    played = [TWO.select(context([0, 1, 2], seed=s), 10).arm or "" for s in range(100)]
    ones = sum(arm.removeprefix(TAG).split().count("1") for arm in played)
    assert abs(ones - 500) < 4 * np.sqrt(1000) / 2


def test_the_member_that_finds_the_rare_class_is_played() -> None:
    """Margin found class 1 (1 of 50 labels before), random found class 0."""
    ids = [f"i{k}" for k in range(60)]
    labels = [0] * 49 + [1] * 1 + [1] * 5 + [0] * 5
    past = Round(0, 60, 0.0, arm=f"{TAG}{'0 ' * 5}{'1 ' * 5}".strip(), asked=tuple(ids[50:]))
    got = TWO.select(context(labels, [past], ids), 40)
    played = (got.arm or "").removeprefix(TAG).split()
    assert played.count("0") > 32
    assert sorted(got.indices.tolist()) == list(range(40))
    assert "chosen by margin, which promised" in got.reasons[played.index("0")]


def test_draws_are_dirichlet() -> None:
    """One class more often than not: the share promised has the mean of Dirichlet(counts + 1)."""
    past = Round(0, 4, 0.0, arm=f"{TAG}0 0 0", asked=("a", "b", "c"))
    ctx = context([1, 1, 1, 0], [past], ["a", "b", "c", "d"])
    counts = TWO._counts(ctx, np.array([1, 1, 1, 0])) + 1
    draws = ctx.generator("tailor").standard_gamma(counts, size=(4000, 2, 2))
    mean = (draws / draws.sum(axis=2, keepdims=True)).mean(axis=0)
    assert mean == pytest.approx(np.array([[1.9, 4.9], [1.9, 1.9]]) / np.array([[6.8], [3.8]]), abs=0.01)


def test_it_survives_a_restart() -> None:
    past = Round(0, 4, 0.0, arm=f"{TAG}0 1 1", asked=("a", "b", "c"))
    ctx = context([1, 2, 0], [past], ["a", "b", "c"])
    again = parse(str(TWO))
    assert isinstance(again, Tailor)
    assert again.select(ctx, 9).arm == TWO.select(ctx, 9).arm


def test_text_and_refusal() -> None:
    assert str(TWO) == "tailor([margin, random])"
    with pytest.raises(ArgumentTypeError, match=r"tailor takes a list of at least two strategies"):
        Tailor("margin")
