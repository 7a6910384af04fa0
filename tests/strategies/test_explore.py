"""Epsilon-greedy: the share of random items, and its two ends."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError, QueristError
from querist.strategies.explore import EpsilonGreedy

P = np.random.default_rng(0).dirichlet(np.ones(3), 60)


def test_the_ends() -> None:
    alone = querist.select("margin", 9, probs=P)
    got = querist.select("epsilon_greedy(margin, epsilon=0)", 9, probs=P)
    assert got.indices.tolist() == alone.indices.tolist()
    assert got.reasons[0] == f"{alone.reasons[0]}; chosen by margin"
    random = querist.select("epsilon_greedy(margin, epsilon=1)", 9, probs=P)
    assert np.isnan(random.scores).all()
    assert random.reasons == ("drawn at random (probability 1)",) * 9


def test_the_random_part_is_uniform() -> None:
    hits = np.zeros(60)
    for seed in range(600):
        hits[querist.select("epsilon_greedy(margin, epsilon=1)", 6, probs=P, seed=seed).indices] += 1
    assert abs(hits - 60).max() < 4.5 * math.sqrt(60 * 0.9)


def test_the_share() -> None:
    drawn = [
        np.isnan(querist.select("epsilon_greedy(margin, epsilon=0.3)", 10, probs=P, seed=s).scores).sum()
        for s in range(300)
    ]
    assert abs(sum(drawn) / 3000 - 0.3) < 4 * math.sqrt(0.21 / 3000)


def test_what_is_not_random_comes_in_the_strategys_order() -> None:
    got = querist.select("epsilon_greedy(margin)", 60, probs=P, seed=3)
    assert sorted(got.indices.tolist()) == list(range(60))
    kept = got.scores[~np.isnan(got.scores)]
    assert (np.diff(kept) <= 0).all()
    assert 30 < len(kept) < 60


@pytest.mark.parametrize(
    ("epsilon", "kind"),
    [(-0.1, ArgumentError), (1.1, ArgumentError), (float("nan"), ArgumentError), ("a", ArgumentTypeError)],
)
def test_bad_parameters(epsilon: Any, kind: type[QueristError]) -> None:
    with pytest.raises(kind, match="epsilon must be a number from 0 to 1"):
        EpsilonGreedy("margin", epsilon)
