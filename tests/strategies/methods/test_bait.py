"""`bait` by name: hand-made numbers, what is known, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError, ResourceError

EVEN = np.full((3, 2), 0.5)
AXES = np.array([[1.0, 0.0], [0.0, 1.0], [0.9, 0.0]])


def test_two_classes_by_hand() -> None:
    """At p = (1/2, 1/2) an item has information 1/2 h h' in the one direction (1, -1)/sqrt(2) of the classes.

    F = 1/6 (1 + 0.81, 1) on the axes; M = 1. The first axis: from 1.81/6 to 1.81/6 / 1.5; the second from 1/6 likewise.
    """
    chosen = querist.select("bait", 1, probs=EVEN, embedding=AXES)
    assert chosen.indices.tolist() == [0]
    assert chosen.scores == pytest.approx([1.81 / 6 / 3])
    assert "variance of the pool's predictions by 0.101 (from 0.468)" in chosen.reasons[0]
    assert querist.select("bait", 2, probs=EVEN, embedding=AXES).indices.tolist() == [0, 1]


@pytest.mark.parametrize("role", ["labelled", "pending"])
def test_what_is_known_counts(role: str) -> None:
    known: Any = {role: {"probs": EVEN[:1], "embedding": AXES[:1] * 3}}
    assert querist.select("bait", 1, probs=EVEN, embedding=AXES, **known).indices.tolist() == [1]
    assert querist.select("bait_regression", 1, embedding=AXES, **known).indices.tolist() == [1]


def test_labelled_and_pending_count_alike() -> None:
    rng = np.random.default_rng(0)
    p, h = rng.dirichlet(np.ones(3), 30), rng.normal(size=(30, 4))
    other = {"probs": rng.dirichlet(np.ones(3), 6), "embedding": rng.normal(size=(6, 4))}
    halves = [{k: v[s] for k, v in other.items()} for s in (slice(0, 3), slice(3, 6))]
    a = querist.select("bait", 5, probs=p, embedding=h, labelled=other)
    b = querist.select("bait", 5, probs=p, embedding=h, labelled=halves[0], pending=halves[1])
    assert a.indices.tolist() == b.indices.tolist()
    assert a.scores == pytest.approx(b.scores)


def test_a_large_ridge_takes_the_largest_share_of_the_information() -> None:
    """As ridge grows, the gain tends to tr(F F_x) / ridge^2."""
    rng = np.random.default_rng(1)
    h = rng.normal(size=(12, 3))
    chosen = querist.select("bait_regression(ridge=1e6)", 1, embedding=h)
    assert chosen.indices[0] == np.einsum("nd,de,ne->n", h, h.T @ h, h).argmax()


def test_bad_parameters_and_too_many_weights() -> None:
    for bad in (0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ArgumentError, match="ridge must be a number > 0") as error:
            querist.Bait(ridge=bad)
        assert error.value.code == "BadParameter"
    for kind in (querist.Bait, querist.BaitRegression):
        with pytest.raises(ArgumentTypeError, match="ridge must be a number > 0, got str"):
            kind(ridge="much")
    with pytest.raises(ResourceError, match="make the embedding narrower") as big:
        querist.select("bait", 1, probs=np.full((2, 100), 0.01), embedding=np.ones((2, 200)))
    assert big.value.code == "TooLarge"
