"""`discriminative` by name."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError

RNG = np.random.default_rng(0)
NEAR, FAR = RNG.normal(size=(30, 2)), RNG.normal(size=(30, 2)) + 8
POOL = np.vstack([NEAR, FAR])


@pytest.mark.parametrize("role", ["labelled", "pending"])
def test_it_goes_where_nothing_is_known(role: str) -> None:
    other = {role: {"embedding": RNG.normal(size=(10, 2))}}
    chosen = querist.select(
        "discriminative", 1, embedding=POOL, labelled=other.get("labelled"), pending=other.get("pending")
    )
    assert chosen.indices[0] >= 30
    assert chosen.scores[0] > 0.5
    assert "told apart from 10 labelled or chosen items with probability" in chosen.reasons[0]


def test_sub_batches_spread_over_what_is_unknown() -> None:
    """Two far clusters on one line: one fit would take the outer one only."""
    aside = np.array([20.0, 0.0])
    x = np.vstack([NEAR, NEAR + aside, NEAR - aside])
    known = {"embedding": NEAR + 0.01}
    many = querist.select("discriminative", 10, embedding=x, labelled=known)
    sides = np.sign(x[many.indices, 0]) * (np.abs(x[many.indices, 0]) > 10)
    assert {-1.0, 1.0} <= set(sides.tolist())


def test_with_nothing_labelled_the_seed_draws_the_first() -> None:
    firsts = {int(querist.select("discriminative", 3, embedding=POOL, seed=s).indices[0]) for s in range(20)}
    assert len(firsts) > 5
    assert querist.select("discriminative", 3, embedding=POOL).reasons[0].startswith("drawn by the seed")


def test_bad_number() -> None:
    with pytest.raises(ArgumentError, match="sub_batches must be ≥ 1, got 0"):
        querist.Discriminative(sub_batches=0)
