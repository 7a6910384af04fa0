"""`ddu`: density of the labelled features."""

from __future__ import annotations

import math

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError


def test_one_class_by_hand() -> None:
    """Two items at -1 and 1: mean 0, variance 1 whatever the shrinkage; log N(2; 0, 1) = -2 - log(2 pi) / 2."""
    known = {"embedding": np.array([[-1.0], [1.0]]), "labels": np.array([4, 4])}
    chosen = querist.select("ddu", 1, embedding=np.array([[0.0], [2.0]]), labelled=known)
    assert chosen.indices.tolist() == [1]
    assert chosen.scores == pytest.approx([2 + 0.5 * math.log(2 * math.pi)])
    assert chosen.reasons == ("unlike the 2 labelled items (log density -2.92 of its features)",)


def test_bad_shrinkage() -> None:
    for bad in (0, 1.5, -1):
        with pytest.raises(ArgumentError, match="shrinkage must be a number > 0 and ≤ 1") as error:
            querist.Ddu(shrinkage=bad)
        assert error.value.code == "BadParameter"
    assert querist.Ddu(shrinkage=1).shrinkage == 1


def test_with_nothing_labelled_the_seed_draws() -> None:
    none = {"embedding": np.zeros((0, 2)), "labels": np.zeros(0, dtype=int)}
    x = np.random.default_rng(0).normal(size=(30, 2))
    runs = [querist.select("ddu", 1, embedding=x, labelled=none, seed=s) for s in range(10)]
    assert len({int(r.indices[0]) for r in runs}) > 3
    assert runs[0].scores.tolist() == [0.0]
    assert runs[0].reasons == ("drawn by the seed: nothing is labelled yet",)
