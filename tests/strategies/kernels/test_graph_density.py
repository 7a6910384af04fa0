"""Density in a neighbour graph against the rule written out with dense arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.strategies.kernels.graph_density import dense_first, neighbour_graph


def slow(x: np.ndarray, known: int, n: int, k: int, gamma: float) -> tuple[list[int], list[float]]:
    size = len(x)
    d = np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1))
    w = np.zeros((size, size))
    for i in range(size):
        for _, j in sorted((round(float(d[i, j]), 9), j) for j in range(size) if j != i)[:k]:
            w[i, j] = w[j, i] = np.exp(-gamma * d[i, j])
    density = np.array([row.sum() / max((row > 0).sum(), 1) for row in w])
    picked: list[int] = []
    heights: list[float] = []
    for group, count in ((range(size - known, size), known), (range(size - known), n)):
        left = list(group)
        for _ in range(count):
            row = max(left, key=lambda i: (round(float(density[i]), 9), -i))
            left.remove(row)
            if group.start == 0:
                picked.append(row)
                heights.append(float(density[row]))
            density[w[row] > 0] -= max(density[row], 0.0)
    return picked, heights


@given(st.integers(0, 10**6), st.integers(1, 14), st.integers(0, 4), st.integers(1, 4), st.booleans())
@settings(max_examples=40, deadline=None)
def test_against_the_rule(seed: int, size: int, known: int, k: int, tied: bool) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 3, (size + known, 2)).astype(float) if tied else rng.normal(size=(size + known, 2))
    rows, heights = dense_first(neighbour_graph(x, k, 0.7), known, size)
    want, tops = slow(x, known, size, k, 0.7)
    assert heights == pytest.approx(tops, abs=1e-7)
    assert rows.tolist() == want


def test_default_gamma_does_not_depend_on_the_unit() -> None:
    x = np.random.default_rng(0).normal(size=(20, 3))
    a, b = neighbour_graph(x, 4, None), neighbour_graph(1000 * x, 4, None)
    assert a.toarray() == pytest.approx(b.toarray())
    assert neighbour_graph(np.ones((3, 2)), 2, None).toarray() == pytest.approx(np.ones((3, 3)) - np.eye(3))
    assert neighbour_graph(np.ones((1, 2)), 2, None).nnz == 0
