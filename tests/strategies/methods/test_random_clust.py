"""RandomClust: TypiClust's clusters, any of their rows."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError
from querist.strategies.methods.random_clust import RandomClust

WHICH = np.repeat([0, 1, 2], (4, 6, 5))
X = np.array([[0.0, 0.0], [60.0, 0.0], [0.0, 60.0]])[WHICH] + np.random.default_rng(0).normal(size=(15, 2))


def test_clusters_in_turn_and_every_row_alike() -> None:
    counts = np.zeros(15)
    for seed in range(600):
        rows = querist.select("random_clust", 3, embedding=X, seed=seed).indices
        assert WHICH[rows].tolist() == [1, 2, 0]
        counts[rows] += 1
    expected = 600 / np.array([4, 6, 5])[WHICH]
    assert (np.abs(counts - expected) < 5 * np.sqrt(expected)).all()


def test_labelled_count() -> None:
    known = {"embedding": np.array([[60.0, 0.0]])}
    sel = querist.select("random_clust", 2, embedding=X, labelled=known)
    assert WHICH[sel.indices].tolist() == [2, 0]
    assert sel.reasons[0] == "drawn at random from a cluster of 5 with no labelled item"


def test_refusals() -> None:
    with pytest.raises(ArgumentError, match="max_clusters"):
        RandomClust(max_clusters=0)
