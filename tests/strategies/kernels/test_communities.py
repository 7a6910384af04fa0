"""Greedy modularity against the rule written out with fractions; Ward's merging against sums of squares."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from querist.strategies.kernels import communities as module
from querist.strategies.kernels.communities import communities, merge_alike, modularity
from querist.strategies.kernels.graphs import undirected


def cliques(count: int, size: int) -> np.ndarray:
    """Cliques in a ring, joined by single edges."""
    a = np.kron(np.eye(count), np.ones((size, size)))
    for c in range(count):
        a[c * size, ((c + 1) % count) * size + 1] = 1
    return a


def slow(a: np.ndarray) -> list[frozenset[int]]:
    """Every pair looked at before every merge, exactly."""
    total = int(a.sum())
    parts = [frozenset([i]) for i in range(len(a))]
    while True:
        best: tuple[Fraction, int, int] | None = None
        for p in parts:
            for q in parts:
                if min(p) >= min(q):
                    continue
                e = int(a[np.ix_(sorted(p), sorted(q))].sum())
                if not e:
                    continue
                dp, dq = int(a[sorted(p)].sum()), int(a[sorted(q)].sum())
                found = (-2 * (Fraction(e, total) - Fraction(dp * dq, total * total)), min(p), min(q))
                best = min(best, found) if best else found
        if best is None or best[0] >= 0:
            return parts
        p, q = (next(r for r in parts if min(r) == m) for m in best[1:])
        parts = [r for r in parts if r not in (p, q)] + [p | q]


def within(x: np.ndarray) -> float:
    return float(((x - x.mean(0)) ** 2).sum())


def sets(labels: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == c).tolist()) for c in range(int(labels.max()) + 1)}


def test_cliques_are_communities() -> None:
    labels = communities(undirected(csr_array(cliques(4, 6))))
    assert sets(labels) == {frozenset(range(6 * c, 6 * c + 6)) for c in range(4)}
    assert modularity(undirected(csr_array(cliques(4, 6))), labels) == pytest.approx(60 / 64 - 4 / 16)


@given(st.integers(0, 10**6), st.integers(1, 14), st.sampled_from([1, 2, 4]))
@settings(max_examples=25, deadline=None)
def test_same_communities_as_the_rule(seed: int, half: int, weight: int) -> None:
    rng = np.random.default_rng(seed)
    size = 2 * half
    a = np.triu(rng.integers(0, weight + 1, (size, size)) * (rng.random((size, size)) < 0.25), 1)
    a = a + a.T
    if not a.sum():
        return
    # Powers of two keep the shares exact, so that equal gains are equal in floating point too.
    total = int(a.sum())
    grown = 1 << (total - 1).bit_length()
    a = np.pad(a, (0, 2))
    a[-1, -2] = a[-2, -1] = (grown - total) // 2
    assert sets(communities(undirected(csr_array(a)))) == set(slow(a))


def test_nodes_without_edges_stand_alone_and_numbers_run_from_the_largest() -> None:
    a = np.zeros((6, 6))
    a[3, 4] = a[4, 5] = a[3, 5] = 1
    labels = communities(undirected(csr_array(a)))
    assert labels.tolist() == [1, 2, 3, 0, 0, 0]
    assert communities(undirected(csr_array((3, 3)))).tolist() == [0, 1, 2]


def test_ward_merges_what_adds_least_within() -> None:
    x = np.array([[0.0], [0.0], [1.0], [10.0], [10.5]])
    labels = np.array([0, 0, 1, 2, 3])
    # union 2+3 adds 1/2 * .25 = .125; 0+1 adds 2/3
    assert merge_alike(x, labels, 3).tolist() == [0, 0, 2, 1, 1]
    assert merge_alike(x, labels, 2).tolist() == [0, 0, 0, 1, 1]
    assert merge_alike(x, labels, 1).tolist() == [0] * 5
    assert merge_alike(x, labels, 4).tolist() == [0, 0, 1, 2, 3]
    assert merge_alike(x, labels, 4, floor=0.7).tolist() == [0, 0, 1, 2, 3], "1 is not below .7 * 5/4"
    assert merge_alike(x, labels, 4, floor=0.9).tolist() == [0] * 5, "1 < .9 * 5/4, 1 < .9 * 5/3, 2 < .9 * 5/2"


def test_ward_against_sums_of_squares() -> None:
    rng = np.random.default_rng(0)
    for _ in range(10):
        x, labels = rng.normal(size=(24, 3)), np.sort(rng.permutation(np.arange(24) % 8))
        merged = merge_alike(x, labels, 7)

        costs = {
            (i, j): within(x[np.isin(labels, (i, j))]) - within(x[labels == i]) - within(x[labels == j])
            for i in range(8)
            for j in range(i)
        }
        i, j = min(costs, key=lambda pair: costs[pair])
        assert frozenset(np.flatnonzero(np.isin(labels, (i, j))).tolist()) in sets(merged)


def test_very_many_communities_join_the_largest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 2)
    x = np.array([[0.0], [0.0], [9.0], [9.0], [1.0], [8.0]])
    assert merge_alike(x, np.array([0, 0, 1, 1, 2, 3]), 5).tolist() == [0, 0, 1, 1, 0, 1]
