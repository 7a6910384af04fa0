"""Draws without return have exactly the sequential probabilities; rows without weight come last, uniformly."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from querist.core.seeds import id_hashes
from querist.core.signals import Context, View
from querist.strategies.algebra import Selector
from querist.strategies.selectors.power import Power
from querist.strategies.selectors.softmax import Softmax
from querist.strategies.selectors.softrank import Softrank
from querist.strategies.selectors.stochastic import gumbel_pick

COUNT = 4_000


def contexts(n: int) -> list[Context]:
    hashes = id_hashes(n)
    return [Context(View(n), seed=s, hashes=hashes) for s in range(COUNT)]


def exact(weights: np.ndarray, n: int) -> dict[tuple[int, ...], float]:
    out = {}
    for order in itertools.permutations(range(len(weights)), n):
        p, left = 1.0, weights.sum()
        for row in order:
            p *= weights[row] / left
            left -= weights[row]
        out[order] = p
    return out


@pytest.mark.parametrize(
    ("selector", "scores", "weights"),
    [
        (Power(beta=1.0), [0.1, 0.4, 1.0, 0.25], [0.1, 0.4, 1.0, 0.25]),
        (Power(beta=2.0), [0.5, 1.0, 2.0, 1.0], [0.25, 1.0, 4.0, 1.0]),
        (Power(beta=0.0), [0.0, 1.0, 9.0, 3.0], [1.0, 1.0, 1.0, 1.0]),
        (Softmax(beta=2.0), [0.0, 0.5, 1.0, -1.0], list(np.exp([0.0, 1.0, 2.0, -2.0]))),
        (Softrank(beta=1.0), [0.3, 5.0, 0.1, 0.2], [1 / 2, 1.0, 1 / 4, 1 / 3]),
    ],
)
def test_exact_probabilities(selector: Selector, scores: list[float], weights: list[float]) -> None:
    truth = exact(np.array(weights), 2)
    seen: dict[tuple[int, ...], int] = dict.fromkeys(truth, 0)
    for ctx in contexts(4):
        seen[tuple(selector.pick(ctx, 2, np.array(scores)).indices.tolist())] += 1
    assert stats.chisquare(list(seen.values()), [p * COUNT for p in truth.values()]).pvalue > 1e-4


def test_rows_without_weight_come_last_and_uniformly() -> None:
    scores = np.array([0.0, 1.0, -2.0, 0.0])
    last = np.zeros(4)
    for ctx in contexts(4)[:1_500]:
        rows = Power().pick(ctx, 4, scores).indices.tolist()
        assert rows[0] == 1
        last[rows[1]] += 1
    assert stats.chisquare(last[[0, 2, 3]]).pvalue > 1e-4


def test_nothing_has_weight() -> None:
    ctx = contexts(3)[0]
    assert sorted(gumbel_pick(ctx, 3, np.full(3, -np.inf), np.zeros(3), "x").indices.tolist()) == [0, 1, 2]
