"""BatchBALD: picks that tell different things about the model."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

import querist
from probability_rows import rows
from querist.strategies.parser import parse

SURE = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
OTHER = np.array([[0.9, 0.1], [0.1, 0.9], [0.9, 0.1], [0.1, 0.9]])
KNOWN = np.full((4, 2), 0.5)
M = np.array([SURE, SURE, KNOWN, OTHER])


def exact(members: NDArray[Any]) -> float:
    samples, classes = members.shape[1:]
    total = 0.0
    for labels in itertools.product(range(classes), repeat=len(members)):
        p = np.ones(samples)
        for i, y in enumerate(labels):
            p = p * members[i, :, y]
        total += sum(v * math.log(v / p.mean()) for v in p.tolist() if v > 0) / samples
    return total


def test_hand_computed() -> None:
    """Rows 0 and 1 split the members alike: one of them tells log 2, then the other tells nothing, and row 3 does."""
    chosen = querist.select("batch_bald", 3, members=M)
    assert chosen.indices[0] in (0, 1)
    assert chosen.indices[1] == 3
    second = math.log(2) + 0.9 * math.log(0.9) + 0.1 * math.log(0.1)
    np.testing.assert_allclose(chosen.scores[:2], [math.log(2), second], atol=1e-12)
    assert querist.select("bald", 2, members=M).indices.tolist() in ([0, 1], [1, 0])


def test_scores_add_up_to_the_joint_information_and_each_pick_is_the_best() -> None:
    m = np.random.default_rng(0).dirichlet(np.full(3, 0.5), (9, 5))
    chosen = querist.select("batch_bald", 4, members=m)
    rows_ = chosen.indices.tolist()
    for k in range(4):
        now = exact(m[rows_[:k]])
        gains = [exact(m[[*rows_[:k], i]]) - now for i in range(9)]
        best = max(g for i, g in enumerate(gains) if i not in rows_[:k])
        assert gains[rows_[k]] == pytest.approx(best, abs=1e-9)
        assert chosen.scores[k] == pytest.approx(best, abs=1e-9)
    assert chosen.scores.sum() == pytest.approx(exact(m[rows_]))
    assert chosen.scores.sum() <= math.log(5)


@settings(max_examples=20, deadline=None)
@given(rows(members=True, most=12))
def test_a_batch_of_one_is_bald(m: NDArray[np.float64]) -> None:
    for seed in range(3):
        one, other = (querist.select(name, 1, members=m, seed=seed) for name in ("batch_bald", "bald"))
        assert one.indices.tolist() == other.indices.tolist()
        assert one.scores.tolist() == other.scores.tolist()


def test_pending_counts_as_chosen_and_labelled_plays_no_part() -> None:
    same = {"members": SURE[None]}
    assert querist.select("batch_bald", 1, members=M, pending=same).indices.tolist() == [3]
    assert querist.select("batch_bald", 1, members=M, labelled=same).indices[0] in (0, 1)
    twice = {"members": M[[0, 3]]}
    chosen = querist.select("batch_bald", 1, members=M, pending=twice)
    gain = exact(np.concatenate([M[[0, 3]], M[chosen.indices]])) - exact(M[[0, 3]])
    assert chosen.scores[0] == pytest.approx(gain)
    assert chosen.reasons[0].endswith("to 0 of the picks before it")


def test_the_rest_comes_in_order_of_bald_when_nothing_is_left_to_learn() -> None:
    sure = np.repeat(SURE[None], 3, axis=0)
    weak = np.array([[0.6, 0.4], [0.6, 0.4], [0.4, 0.6], [0.4, 0.6]])[None]
    m = np.concatenate([weak, sure])
    chosen = querist.select("batch_bald", 4, members=m)
    assert chosen.indices[-1] == 0
    assert chosen.scores[1:].tolist() == [0.0, 0.0, 0.0]
    assert chosen.reasons[-1] == "the picks before it tell all there is to tell; next by bald (0.02 nats)"


def test_estimates_stay_near_the_exact_information() -> None:
    m = np.random.default_rng(1).dirichlet(np.full(3, 0.7), (30, 6))
    whole = querist.select("batch_bald(configurations=100000)", 6, members=m)
    part = querist.select("batch_bald(configurations=60)", 6, members=m)
    assert whole.indices[:4].tolist() == part.indices[:4].tolist()
    assert part.scores.sum() == pytest.approx(whole.scores.sum(), rel=0.05)
    assert "estimated from 60 configurations" in part.reasons[-1]
    assert "estimated" not in whole.reasons[-1] + part.reasons[2]


def test_when_the_members_are_told_apart_no_more_rows_are_looked_at() -> None:
    """Few members: after some picks the joint information is at its most, log S, and `bald` orders the rest."""
    m = np.random.default_rng(2).dirichlet(np.full(3, 0.2), (200, 4))
    chosen = querist.select("batch_bald(configurations=50)", 40, members=m)
    bald = querist.score("bald", members=m)
    assert chosen.scores[:4].sum() > 0.9 * math.log(4)
    assert chosen.scores[20:].tolist() == [0.0] * 20
    assert "next by bald" in chosen.reasons[-1]
    assert (np.diff(bald[chosen.indices[20:]]) <= 0).all()


def test_members_drawn_anew_for_each_item_are_refused() -> None:
    with pytest.raises(querist.ArgumentError, match="batch_bald compares items member by member") as caught:
        querist.select("batch_bald", 1, members=M, consistent=False)
    assert caught.value.code == "InconsistentMembers"


def test_members_of_a_regression_are_refused() -> None:
    with pytest.raises(querist.ArgumentError, match="batch_bald needs members of a classifier"):
        querist.select("batch_bald", 1, members=np.zeros((4, 3)))


@pytest.mark.parametrize("text", ["batch_bald(configurations=0)", "batch_bald(configurations=2.5)"])
def test_bad_parameters(text: str) -> None:
    with pytest.raises(
        (querist.ArgumentError, querist.ArgumentTypeError), match="configurations must be a whole number"
    ):
        parse(text)


def test_reasons() -> None:
    chosen = querist.select("batch_bald", 2, members=M)
    assert chosen.reasons[0] == "an answer adds 0.69 nats about the model to 0 of the picks before it"
    assert chosen.reasons[1] == "an answer adds 0.37 nats about the model to 0.69 of the picks before it"
