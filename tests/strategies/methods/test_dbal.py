"""Shortlist by margin, then k-means with and without weights."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.errors import QueristError
from querist.strategies.arrays import select
from querist.strategies.methods.dbal import Dbal, RepresentativeMargin

RNG = np.random.default_rng(0)
P, E = RNG.dirichlet(np.ones(4), 80), RNG.standard_normal((80, 6))


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("dbal", "shortlist(margin, times=10) | (margin >> k_means)"),
        ("dbal(times=3)", "shortlist(margin, times=3) | (margin >> k_means)"),
        ("representative_margin", "shortlist(margin, times=10) | k_means"),
        ("representative_margin(times=2)", "shortlist(margin, times=2) | k_means"),
    ],
)
def test_they_are_their_expressions(name: str, expression: str) -> None:
    for seed in range(3):
        plain, named = (
            select(expression, 5, seed=seed, probs=P, embedding=E),
            select(name, 5, seed=seed, probs=P, embedding=E),
        )
        assert named.indices.tolist() == plain.indices.tolist()
        assert named.reasons == plain.reasons


def test_weights_draw_the_choice_to_the_uncertain() -> None:
    x = np.array([[0.0], [1.0], [2.0]])
    p = np.array([[0.95, 0.05], [0.95, 0.05], [0.5, 0.5]])
    assert select("dbal(times=3)", 1, probs=p, embedding=x).indices.tolist() == [2]
    assert select("representative_margin(times=3)", 1, probs=p, embedding=x).indices.tolist() == [1]


@pytest.mark.parametrize("kind", [Dbal, RepresentativeMargin])
def test_refusals(kind: type) -> None:
    for bad in (0.5, float("inf"), "x", True):
        with pytest.raises(QueristError, match="times must be a number ≥ 1"):
            kind(times=bad)
