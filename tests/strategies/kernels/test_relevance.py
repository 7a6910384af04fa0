"""Draws by relevance: the exact distribution of two picks, distances by plain loops."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from querist.strategies.kernels.relevance import draw_by_relevance, lower_by_prediction

P = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.4, 0.4, 0.2], [0.0, 0.1, 0.9]])
U = np.array([0.8, 0.3, 1.0, 0.2])


def chances(left: list[int], near: dict[int, float], gamma: float) -> dict[int, float]:
    low, high = min(near[i] for i in left), max(near[i] for i in left)
    weight = {i: ((near[i] - low) / (high - low) + U[i]) ** gamma for i in left}
    return {i: w / sum(weight.values()) for i, w in weight.items()}


@pytest.mark.parametrize("gamma", [0.0, 1.0, 3.0])
def test_distribution_of_two_picks(gamma: float) -> None:
    start = dict(enumerate(U.tolist()))
    first = chances([0, 1, 2, 3], start, gamma)
    expected = {}
    for a, b in permutations(range(4), 2):
        left = [i for i in range(4) if i != a]
        near = {i: min(U[i], float(np.abs(P[i] - P[a]).sum())) for i in left}
        expected[a, b] = first[a] * chances(left, near, gamma)[b]
    assert sum(expected.values()) == pytest.approx(1)
    runs = 4_000
    seen = dict.fromkeys(expected, 0)
    for seed in range(runs):
        rows, _, _ = draw_by_relevance(P, U, gamma, 2, np.random.default_rng(seed))
        seen[int(rows[0]), int(rows[1])] += 1
    for pair, chance in expected.items():
        assert abs(seen[pair] - runs * chance) < 5 * np.sqrt(runs * chance * (1 - chance)) + 1e-9


def test_a_large_gamma_takes_the_largest() -> None:
    rows, relevance, away = draw_by_relevance(P, U, 1e6, 4, np.random.default_rng(0))
    assert rows[0] == 2
    assert relevance[0] == pytest.approx(2.0)
    assert away[0] == pytest.approx(1.0)
    assert sorted(rows.tolist()) == [0, 1, 2, 3]


def test_lowering() -> None:
    near = np.array([0.1, 5.0, 5.0, 5.0])
    lower_by_prediction(near, P.astype(np.float32), 0)
    assert near == pytest.approx([0.0, 1.0, 0.2, 1.4], abs=1e-6)
