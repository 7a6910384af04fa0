"""Snapshots are members by another name."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentTypeError
from querist.core.signals import HISTORY, MEMBERS, PROBS
from querist.strategies.scores.bald import Bald
from querist.strategies.scores.snapshot import Snapshot

Q = np.random.default_rng(0).dirichlet(np.ones(3), (20, 5))
P = np.random.default_rng(1).dirichlet(np.ones(3), 20)


@pytest.mark.parametrize("name", ["bald", "vote_entropy", "variation_ratio", "rank(mean_std)"])
def test_the_same_numbers_as_with_members(name: str) -> None:
    assert np.array_equal(querist.score(f"snapshot({name})", history=Q), querist.score(name, members=Q))


def test_other_signals_are_passed_on() -> None:
    text = "bald + margin"
    got = querist.score(f"snapshot({text})", history=Q, probs=P)
    assert np.array_equal(got, querist.score(text, members=Q, probs=P))


def test_by_default_the_variation_ratio() -> None:
    assert str(Snapshot()) == "snapshot"
    assert str(Snapshot(Bald())) == "snapshot(score=bald)"
    got = querist.select("snapshot", 3, history=Q)
    assert got.reasons[0].endswith("vote against the majority; members are 5 checkpoints")
    assert got.indices.tolist() == querist.select("variation_ratio", 3, members=Q).indices.tolist()


def test_needs() -> None:
    assert Snapshot(Bald()).needs.pool == {HISTORY}
    assert querist.parse("snapshot(bald + margin)").needs.pool == {HISTORY, PROBS}
    assert MEMBERS not in Snapshot().needs.pool


def test_a_score_without_members_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="margin reads none") as error:
        querist.parse("snapshot(margin)")
    assert error.value.code == "BadParameter"
