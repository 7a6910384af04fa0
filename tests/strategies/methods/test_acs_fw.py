"""`acs_fw` beside the published steps; the batch is filled."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError


def published(members: np.ndarray, n: int, gamma: float) -> list[int]:
    """The steps of the paper on projections, over weights of all items; may give fewer than n."""
    mean = members.mean(axis=1)
    own = -(mean * np.log(mean)).sum(axis=1)
    rows = ((mean[:, None] * np.log(members)).sum(axis=2) + gamma * own[:, None]) / np.sqrt(members.shape[1])
    lengths, target = np.linalg.norm(rows, axis=1), rows.sum(axis=0)
    w = np.zeros(len(rows))
    order: list[int] = []
    for _ in range(n):
        f = int((rows / lengths[:, None] @ (target - w @ rows)).argmax())
        corner = lengths.sum() / lengths[f] * rows[f]
        d = corner - w @ rows
        step = d @ (target - w @ rows) / (d @ d)
        w *= 1 - step
        w[f] += step * lengths.sum() / lengths[f]
        order += [f] if f not in order else []
    return order


@pytest.mark.parametrize("entropy", [0.0, 1.0])
def test_the_published_items_come_first(entropy: float) -> None:
    members = np.random.default_rng(0).dirichlet(np.ones(3), (80, 6))
    order = published(members, 15, entropy)
    chosen = querist.select(f"acs_fw(entropy={entropy})", 15, members=members)
    assert chosen.indices.tolist()[: len(order)] == order
    assert len(set(chosen.indices.tolist())) == 15


def test_fewer_atoms_than_the_batch_are_topped_up() -> None:
    members = np.random.default_rng(2).dirichlet(np.ones(3), (30, 2))
    order = published(members, 20, 1.0)
    assert len(order) < 20
    assert len(set(querist.select("acs_fw", 20, members=members).indices.tolist())) == 20


def test_members_that_agree_say_nothing() -> None:
    members = np.repeat(np.random.default_rng(3).dirichlet(np.ones(3), (9, 1)), 4, axis=1)
    assert len(set(querist.select("acs_fw", 9, members=members).indices.tolist())) == 9


def test_bad_input() -> None:
    with pytest.raises(ArgumentError, match="entropy must be a number ≥ 0"):
        querist.parse("acs_fw(entropy=-1)")
    with pytest.raises(ArgumentTypeError, match="got str"):
        querist.parse("acs_fw(entropy='a')")
    with pytest.raises(ArgumentError, match="members of a classifier"):
        querist.select("acs_fw", 2, members=np.zeros((5, 3)))
