"""Average linkage against scipy's, exact and by leaves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.metrics import adjusted_rand_score

from querist.core.types import Array
from querist.strategies.kernels.average_linkage import average_linkage, cut, linked_clusters


def pairwise(x: Array) -> Array:
    return np.asarray(np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1)))


def same_parts(a: Array, b: Array) -> bool:
    return bool(((a[:, None] == a[None]) == (b[:, None] == b[None])).all())


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 40), st.integers(1, 6), st.integers(0, 10_000))
def test_the_same_tree_as_scipy(n: int, width: int, seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=(n, width))
    pairs, heights = average_linkage(pairwise(x), np.ones(n))
    tree = linkage(x, "average")
    assert heights == pytest.approx(tree[:, 2])
    for k in {1, 2, n // 2 or 1, n}:
        assert same_parts(cut(pairs, heights, k), fcluster(tree, k, "maxclust"))
        assert same_parts(linked_clusters(x, k, np.random.default_rng(0), 100), fcluster(tree, k, "maxclust"))


def test_weights_count_as_copies() -> None:
    rng = np.random.default_rng(1)
    x, sizes = rng.normal(size=(9, 2)), rng.integers(1, 5, 9)
    pairs, heights = average_linkage(pairwise(x), sizes.astype(float))
    tree = linkage(np.repeat(x, sizes, axis=0), "average")
    assert heights == pytest.approx(tree[-8:, 2])
    assert same_parts(np.repeat(cut(pairs, heights, 4), sizes), fcluster(tree, 4, "maxclust"))


def test_many_rows_by_leaves() -> None:
    rng = np.random.default_rng(2)
    which = rng.integers(0, 12, 5_000)
    x = (rng.normal(size=(12, 6)) * 9)[which] + rng.normal(size=(5_000, 6))
    found = linked_clusters(x.astype(np.float32), 12, np.random.default_rng(0), 400)
    assert adjusted_rand_score(which, found) > 0.999
    many = linked_clusters(x, 600, np.random.default_rng(0), 400)  # more clusters than leaves: k-means alone
    assert many.max() < 600
    assert len(np.unique(many)) > 500


def test_copies() -> None:
    x = np.repeat(np.arange(3.0)[:, None], 40, axis=0)
    for exact in (200, 20):
        found = linked_clusters(x, 3, np.random.default_rng(0), exact)
        assert same_parts(found, np.repeat(np.arange(3), 40))
    assert cut(*average_linkage(np.zeros((1, 1)), np.ones(1)), 1).tolist() == [0]
    assert linked_clusters(np.ones((50, 2)), 7, np.random.default_rng(0), 20).max() < 7
