"""BADGE: first the largest gradient, then k-means++ on products that are never written down."""

from __future__ import annotations

import tracemalloc

import numpy as np
from scipy import stats

import querist

A = np.array([[0.5, -0.5], [0.1, -0.1], [-0.4, 0.4], [0.3, -0.3]])
H = np.array([[1.0, 0.0], [2.0, 1.0], [1.0, 1.0], [0.0, 1.0]])
G = np.einsum("nc,nd->ncd", A, H).reshape(4, -1)


def test_first_pick_has_the_largest_gradient() -> None:
    chosen = querist.select("badge", 2, gradient=(A, H))
    lengths = np.linalg.norm(G, axis=1)
    assert chosen.indices[0] == lengths.argmax()
    assert np.isclose(chosen.scores[0], lengths.max())
    assert chosen.reasons[0].startswith("largest gradient")


def test_second_pick_has_the_distribution_of_kmeans_pp() -> None:
    first = int(np.linalg.norm(G, axis=1).argmax())
    mass = ((G - G[first]) ** 2).sum(1)
    counts = np.zeros(4)
    for seed in range(3_000):
        counts[querist.select("badge", 2, gradient=(A, H), seed=seed).indices[1]] += 1
    others = [k for k in range(4) if k != first]
    expected = mass[others] / mass.sum() * 3_000
    assert counts[first] == 0
    assert stats.chisquare(counts[others], expected).pvalue > 1e-4


def test_pending_counts_as_chosen_and_labelled_plays_no_part() -> None:
    largest = int(np.linalg.norm(G, axis=1).argmax())
    same = {"gradient": (A[[largest]], H[[largest]])}
    for seed in range(50):
        assert querist.select("badge", 1, gradient=(A, H), pending=same, seed=seed).indices[0] != largest
    assert querist.select("badge", 1, gradient=(A, H), labelled=same).indices[0] == largest


def test_the_products_are_never_written_down() -> None:
    rng = np.random.default_rng(0)
    a, h = rng.normal(size=(20_000, 50)).astype(np.float32), rng.normal(size=(20_000, 64)).astype(np.float32)
    tracemalloc.start()
    chosen = querist.select("badge", 20, gradient=(a, h))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(set(chosen.indices.tolist())) == 20
    assert peak < 48 << 20, "the products would take 256 MB"
