"""Hierarchical sampling: uniform without labels, away from clusters that labels show to be pure."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError
from querist.strategies.methods.hierarchical import Hierarchical

RNG = np.random.default_rng(0)
WHICH = np.repeat([0, 1], (40, 40))
PLACES = np.array([[0.0, 0.0], [50.0, 0.0]])
X = PLACES[WHICH] + RNG.normal(size=(80, 2))


def share_of_second(embedding: np.ndarray, labels: np.ndarray, text: str = "hierarchical") -> float:
    known = {"embedding": embedding, "labels": labels}
    return float(
        np.mean([WHICH[querist.select(text, 1, embedding=X, labelled=known, seed=s).indices[0]] for s in range(150)])
    )


@pytest.mark.parametrize("text", ["hierarchical", "hierarchical(exact=60)"])
def test_draws_go_where_the_doubt_is(text: str) -> None:
    # cluster 0: 30 labels of one class; cluster 1: 15 of either
    where = PLACES[np.repeat([0, 1], 30)] + RNG.normal(size=(60, 2))
    labels = np.array([0] * 30 + [1, 2] * 15)
    assert share_of_second(where, labels, text) > 0.85


def test_one_label_says_nothing_yet() -> None:
    assert abs(share_of_second(PLACES[:1], np.array([0])) - 0.5) < 5 * 0.5 / np.sqrt(150)


def test_all_rows_and_reasons() -> None:
    known = {"embedding": PLACES, "labels": np.array([0, 1])}
    sel = querist.select("hierarchical", 80, embedding=X, labelled=known)
    assert sorted(sel.indices.tolist()) == list(range(80))
    assert sel.reasons[0].startswith("drawn from a cluster of ")
    assert np.isnan(sel.scores).all()
    with pytest.raises(ArgumentError, match="exact must be a whole number"):
        Hierarchical(exact=0)
