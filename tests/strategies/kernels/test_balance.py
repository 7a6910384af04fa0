"""The greedy with running sums picks what the cost written out picks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.strategies.kernels.balance import balanced_greedy


@given(
    st.integers(0, 10**6),
    st.integers(1, 20),
    st.integers(1, 5),
    st.sampled_from([0.0, 0.3, 5.0]),
    st.sampled_from(["random", "one-hot", "constant"]),
)
@settings(max_examples=50, deadline=None)
def test_against_the_cost_written_out(seed: int, size: int, classes: int, weight: float, kind: str) -> None:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(classes), size)
    if kind == "one-hot":
        p = np.eye(classes)[rng.integers(0, classes, size)]
    elif kind == "constant":
        p = np.full((size, classes), 1 / classes)
    scores, keys = rng.integers(0, 3, size).astype(float), rng.permutation(size).astype(np.uint64)
    lacking = rng.integers(0, 5, classes) / 2
    rows, totals = balanced_greedy(p, scores, lacking, weight, size, keys)
    assert sorted(rows.tolist()) == list(range(size))
    rest = lacking.copy()
    left = set(range(size))
    for row, total in zip(rows.tolist(), totals, strict=True):
        sums = {i: float(np.abs(rest - p[i]).sum()) for i in left}
        costs = {i: weight * sums[i] - scores[i] for i in left}
        best = min(costs.values())
        assert costs[row] == pytest.approx(best, abs=1e-9)
        if kind == "one-hot":  # exact numbers: ties go by key
            assert row == min((i for i in left if costs[i] <= best + 1e-12), key=lambda i: keys[i])
        assert total == pytest.approx(sums[row], abs=1e-9)
        left.remove(row)
        rest = rest - p[row]


def test_without_scores_and_inputs_untouched() -> None:
    p = np.eye(2)[[0, 0, 1, 1]].astype(np.float32)
    lacking = np.array([2.0, 1.0])
    rows, totals = balanced_greedy(p, None, lacking, 1.0, 3, np.arange(4, dtype=np.uint64))
    assert rows.tolist() == [0, 1, 2] or rows.tolist() == [0, 2, 1]
    assert totals.tolist() == [2, 1, 0]
    assert lacking.tolist() == [2, 1]
