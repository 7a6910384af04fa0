"""`graph_density` on hand-made points."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.strategies.selectors.graph_density import GraphDensity

# a dense group around 0, a looser one around 10, and a point far away
X = np.array([[0.0], [0.1], [-0.1], [10.0], [10.5], [9.5], [40.0]])


def test_one_group_after_the_other() -> None:
    chosen = querist.select("graph_density(k=2, gamma=1.0)", 3, embedding=X)
    assert chosen.indices[0] == 0
    assert chosen.scores[0] == pytest.approx(np.exp(-0.1))
    assert 3 <= chosen.indices[1] <= 5, "the neighbours of the first pick have lost their density"
    assert "density" in chosen.reasons[0]


def test_labelled_and_pending_items_cover_their_neighbours() -> None:
    known = {"embedding": X[:1]}
    text = "graph_density(k=2, gamma=1.0)"
    assert 2 <= querist.select(text, 1, embedding=X[1:], labelled=known).indices[0] <= 4
    assert 2 <= querist.select(text, 1, embedding=X[1:], pending=known).indices[0] <= 4


def test_ratings_play_no_part() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(3), 7)
    a = querist.select("entropy >> graph_density(k=2)", 4, embedding=X, probs=p)
    assert a.indices.tolist() == querist.select("graph_density(k=2)", 4, embedding=X).indices.tolist()


def test_bad_parameters() -> None:
    with pytest.raises(ArgumentError, match="k must be a whole number ≥ 1"):
        GraphDensity(k=0)
    with pytest.raises(ArgumentError, match="gamma must be a number above 0, got 0"):
        GraphDensity(gamma=0)
    with pytest.raises(ArgumentTypeError, match="gamma must be a number"):
        GraphDensity(gamma="x")  # type: ignore[arg-type]
