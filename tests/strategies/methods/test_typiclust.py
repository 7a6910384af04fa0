"""TypiClust: clusters without labels first, then the largest; the most typical row of each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError
from querist.core.types import Array
from querist.strategies.methods.typiclust import TypiClust

PLACES = np.array([[0.0, 0.0], [60.0, 0.0], [0.0, 60.0]])
SIZES = (30, 50, 40)


def blobs(seed: int = 0) -> tuple[Array, Array]:
    """Three clusters of 30, 50 and 40 rows, and the cluster of each row."""
    rng = np.random.default_rng(seed)
    which = np.repeat(np.arange(3), SIZES)
    return PLACES[which] + rng.normal(size=(len(which), 2)), which


def most_typical(x: Array, rows: Array, k: int) -> list[int]:
    """Rows of a cluster by mean distance to the k nearest among them."""
    d = np.linalg.norm(x[rows][:, None] - x[rows][None], axis=-1)
    np.fill_diagonal(d, np.inf)
    return [int(r) for r in rows[np.argsort(np.sort(d, axis=1)[:, :k].mean(axis=1))]]


def test_largest_cluster_first_then_its_most_typical_row() -> None:
    x, which = blobs()
    sel = querist.select("typiclust", 3, embedding=x, seed=1)
    expected = [most_typical(x, np.flatnonzero(which == c), k)[0] for c, k in ((1, 20), (2, 20), (0, 15))]
    assert sel.indices.tolist() == expected
    assert "a cluster of 50 with no labelled item" in sel.reasons[0]
    assert (sel.scores > 0).all()


def test_labelled_and_pending_count() -> None:
    x, which = blobs()
    for role in ("labelled", "pending"):
        known: dict[str, Any] = {role: {"embedding": PLACES[[1]]}}
        sel = querist.select("typiclust", 2, embedding=x, seed=0, **known)
        assert which[sel.indices].tolist() == [2, 0]  # three clusters; the one that is known comes last
    both: dict[str, Any] = {"labelled": {"embedding": PLACES[[1]]}, "pending": {"embedding": PLACES[[2]]}}
    sel = querist.select("typiclust", 1, embedding=x, seed=0, **both)
    assert which[sel.indices].tolist() == [0]


def test_a_second_visit_only_when_all_were_visited() -> None:
    x, which = blobs()
    sel = querist.select("typiclust(max_clusters=3)", 3, embedding=x, seed=0)
    assert which[sel.indices].tolist() == [1, 2, 0]
    # 7 clusters are allowed for a batch of 7, so three clusters are forced by copies
    copies = PLACES[np.repeat(np.arange(3), (2, 4, 3))]
    sel = querist.select("typiclust", 7, embedding=copies, seed=0)
    assert np.repeat(np.arange(3), (2, 4, 3))[sel.indices].tolist() == [1, 2, 0, 1, 2, 0, 1]
    assert len(set(sel.indices.tolist())) == 7


def test_second_row_of_a_cluster_is_its_next_most_typical() -> None:
    x, _ = blobs()
    one = x[:30]
    known = {"embedding": one.mean(axis=0, keepdims=True)}
    sel = querist.select("typiclust(max_clusters=1)", 1, embedding=one, seed=0, labelled=known)
    assert sel.indices.tolist() == most_typical(one, np.arange(30), 15)[:1]
    assert "with 1 labelled item" in sel.reasons[0]


def test_max_clusters() -> None:
    for bad in (0, -1, 2.5, True):
        with pytest.raises(ArgumentError, match="max_clusters must be a whole number ≥ 1"):
            TypiClust(max_clusters=bad)  # type: ignore[arg-type]
    assert str(TypiClust()) == "typiclust"
    assert str(TypiClust(max_clusters=900)) == "typiclust(max_clusters=900)"
