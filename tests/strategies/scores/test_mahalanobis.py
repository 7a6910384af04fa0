"""`mahalanobis`: distance to the nearest class."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError


def test_by_hand() -> None:
    """Two classes with variance 1 within: -2 is two standard deviations from the first, 11 one from the second."""
    known = {"embedding": np.array([[-1.0], [1.0], [9.0], [11.0]]), "labels": np.array([0, 0, 1, 1])}
    x = np.array([[-2.0], [11.0], [5.0]])
    assert querist.score("mahalanobis", embedding=x, labelled=known) == pytest.approx([2.0, 1.0, 5.0])
    chosen = querist.select("mahalanobis", 1, embedding=x, labelled=known)
    assert chosen.reasons == ("5 standard deviations from the nearest class of labelled items",)


def test_units_of_features_play_no_part_where_nothing_is_shrunk_away() -> None:
    rng = np.random.default_rng(0)
    h, y, x = rng.normal(size=(200, 2)), rng.integers(0, 2, 200), rng.normal(size=(9, 2))
    known, scaled = {"embedding": h, "labels": y}, {"embedding": h * [1, 1000], "labels": y}
    a = querist.score("mahalanobis(shrinkage=1e-9)", embedding=x, labelled=known)
    b = querist.score("mahalanobis(shrinkage=1e-9)", embedding=x * [1, 1000], labelled=scaled)
    assert a == pytest.approx(b, rel=1e-2)


def test_bad_shrinkage() -> None:
    with pytest.raises(ArgumentError, match="shrinkage must be a number > 0 and ≤ 1, got 2"):
        querist.Mahalanobis(shrinkage=2)


def test_with_nothing_labelled_the_seed_draws() -> None:
    none = {"embedding": np.zeros((0, 2)), "labels": np.zeros(0, dtype=int)}
    x = np.random.default_rng(0).normal(size=(30, 2))
    runs = [querist.select("mahalanobis", 1, embedding=x, labelled=none, seed=s) for s in range(10)]
    assert len({int(r.indices[0]) for r in runs}) > 3
    assert runs[0].scores.tolist() == [0.0]
    assert runs[0].reasons == ("drawn by the seed: nothing is labelled yet",)
