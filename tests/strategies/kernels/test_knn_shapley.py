"""The recursion against Shapley values over all orders of joining."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.strategies.kernels.knn_shapley import knn_shapley


def worth(chosen: tuple[int, ...], order: list[list[int]], right: np.ndarray, k: int) -> float:
    """Mean over test items of the share of k neighbours that are right."""
    total = 0.0
    for t, ranks in enumerate(order):
        near = [i for i in ranks if i in chosen][:k]
        total += sum(right[t, i] for i in near) / k
    return total / len(order)


def slow(h: np.ndarray, y: np.ndarray, keys: np.ndarray, x: np.ndarray, z: np.ndarray, k: int) -> np.ndarray:
    n = len(h)
    order = [sorted(range(n), key=lambda i: (round(float(((h[i] - t) ** 2).sum()), 9), keys[i])) for t in x]
    right = (y[None, :] == z[:, None]).astype(float)
    out = np.zeros(n)
    for i in range(n):
        others = [j for j in range(n) if j != i]
        for size in range(n):
            weight = math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n)
            for s in itertools.combinations(others, size):
                out[i] += weight * (worth((*s, i), order, right, k) - worth(s, order, right, k))
    return out


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 8), st.booleans())
@settings(max_examples=25, deadline=None)
def test_against_all_orders(seed: int, n: int, k: int, tied: bool) -> None:
    rng = np.random.default_rng(seed)
    h, x = rng.normal(size=(n, 2)), rng.normal(size=(3, 2))
    if tied:
        h, x = rng.integers(0, 2, (n, 2)).astype(float), rng.integers(0, 2, (3, 2)).astype(float)
    y, z, keys = rng.integers(0, 2, n), rng.integers(0, 2, 3), rng.permutation(n).astype(np.uint64)
    got = knn_shapley(h, y, keys, x, z, k)
    assert got == pytest.approx(slow(h, y, keys, x, z, k), abs=1e-9)


def test_values_add_up_to_the_accuracy_of_all() -> None:
    rng = np.random.default_rng(1)
    h, y, x, z = rng.normal(size=(300, 4)), rng.integers(0, 3, 300), rng.normal(size=(50, 4)), rng.integers(0, 3, 50)
    values = knn_shapley(h, y, np.arange(300, dtype=np.uint64), x, z, 5)
    near = np.argsort(((x[:, None] - h[None]) ** 2).sum(-1), axis=1)[:, :5]
    assert values.sum() == pytest.approx((y[near] == z[:, None]).mean())
