"""Made queries lie where a model is least sure, apart from each other, and real items stand in for them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, DataError, StateError
from querist.core.optional import torch
from querist.strategies.synthesis import nearest_real, synthesise

HEAD = (np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([0.0, -5.0]))  # both classes alike on 3 x + 4 y = 5
START = np.random.default_rng(0).normal(size=(40, 2)) * 3


def off_the_line(points: NDArray[np.float64]) -> NDArray[np.float64]:
    distances: NDArray[np.float64] = np.abs(points @ HEAD[0][1] + HEAD[1][1]) / 5.0
    return distances


def gaps(points: NDArray[np.float64]) -> NDArray[np.float64]:
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    nearest: NDArray[np.float64] = (apart + np.diag(np.full(len(points), np.inf))).min(axis=1)
    return nearest


def test_the_points_of_largest_entropy_lie_on_a_line() -> None:
    made = synthesise(HEAD, 6, START, seed=1)
    assert made.points.shape == (6, 2)
    assert off_the_line(made.points).max() < 1e-2
    assert made.scores == pytest.approx(math.log(2), abs=1e-4)
    assert len(set(made.starts.tolist())) == 6


def test_three_classes_meet_in_a_point() -> None:
    weights, bias = np.array([[1.0, 0.0], [-1.0, 1.0], [0.0, -1.0]]), np.array([0.5, 0.0, -0.5])
    made = synthesise((weights, bias), 1, START)
    meets = np.linalg.solve(weights[1:] - weights[0], bias[0] - bias[1:])
    assert made.points[0] == pytest.approx(meets, abs=1e-2)
    assert made.scores[0] == pytest.approx(math.log(3), abs=1e-4)


def test_diversity_keeps_queries_apart() -> None:
    alone = np.array([[1.0, 1.0]])
    alike = synthesise(HEAD, 5, alone, diversity=0.0, rate=0.05)
    apart = synthesise(HEAD, 5, alone, diversity=0.5, rate=0.05, width=1.0)
    assert gaps(alike.points).max() < 0.05
    assert gaps(apart.points).min() > 0.5
    assert off_the_line(apart.points).max() < 0.6  # the score gives way a little


def test_bounds_hold() -> None:
    made = synthesise(HEAD, 4, START, bounds=(np.array([2.0, -9.0]), 3.0), seed=2)
    assert made.points[:, 0].min() >= 2.0
    assert made.points.max() <= 3.0
    assert off_the_line(made.points).max() < 2e-2
    far = synthesise(HEAD, 1, START, bounds=(10.0, 11.0))  # the line is outside: its nearest corner is best
    assert far.points[0] == pytest.approx([10.0, 10.0])


def test_a_function_of_torch_and_a_module_that_is_left_alone() -> None:
    t = torch()
    made = synthesise(lambda x: -((x - 2.0) ** 2).sum(dim=1), 1, START, steps=400)
    assert made.points[0] == pytest.approx([2.0, 2.0], abs=1e-2)
    t.manual_seed(0)
    layer = t.nn.Linear(2, 2)
    before = [p.detach().clone() for p in layer.parameters()]
    state = t.get_rng_state()

    def margin(x: Any) -> Any:
        p = t.softmax(layer(x), dim=1)
        return 1.0 - (p[:, 0] - p[:, 1]).abs()

    made = synthesise(margin, 2, START.astype(np.float32))
    assert made.scores == pytest.approx(1.0, abs=2e-2)
    assert all(t.equal(p, q) for p, q in zip(layer.parameters(), before, strict=True))
    assert all(p.grad is None for p in layer.parameters())
    assert t.equal(t.get_rng_state(), state)


def test_the_seed_decides_and_inputs_stay() -> None:
    start = START.copy()
    start.flags.writeable = False
    a, b, c = (synthesise(HEAD, 3, start, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(a.points, b.points)
    assert not np.array_equal(a.points, c.points)
    assert np.array_equal(start, START)
    assert len(synthesise(HEAD, 9, start[:1]).points) == 9  # more queries than start points


def test_a_point_without_a_slope_stays() -> None:
    made = synthesise(lambda x: 0.0 * x.sum(dim=1) + 1.0, 1, np.array([[3.0, 4.0]]), width=1e-6)
    assert made.points[0] == pytest.approx([3.0, 4.0], abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"score": "entropy"}, ArgumentTypeError, "a function of torch, or a pair"),
        ({"score": (np.zeros((2, 3)), np.zeros(2))}, ArgumentError, r"weights \(C, 2\) and bias"),
        ({"score": lambda x: x}, ArgumentError, r"a tensor of shape \(8,\) is needed"),
        ({"score": lambda x: x.detach().sum(dim=1)}, ArgumentError, "has no gradient"),
        ({"score": lambda x: x.sum(dim=1) / 0.0}, DataError, "NaN or infinite on the way"),
        ({"n": 0}, ArgumentError, "n must be ≥ 1"),
        ({"start": np.zeros((0, 2))}, ArgumentError, "start has no points"),
        ({"start": np.full((1, 2), np.nan)}, DataError, "start"),
        ({"rate": 0.0}, ArgumentError, "rate must be a number above 0"),
        ({"diversity": -1.0}, ArgumentError, "diversity must be a number ≥ 0"),
        ({"width": "1"}, ArgumentTypeError, "width must be a number above 0"),
        ({"bounds": (1.0, 0.0)}, ArgumentError, "lowest ≤ highest"),
        ({"bounds": (np.zeros(3), 1.0)}, ArgumentError, r"each a number or \(2,\)"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], kind: type[Exception], words: str) -> None:
    given: dict[str, Any] = {"score": HEAD, "n": 1, "start": START, **arguments}
    with pytest.raises(kind, match=words):
        synthesise(given.pop("score"), given.pop("n"), given.pop("start"), **given)


def test_the_nearest_real_items_each_once() -> None:
    pool = np.array([[0.0], [1.0], [5.0], [5.1]])
    chosen = nearest_real(np.array([[0.9], [0.8], [5.0]]), pool, scores=np.array([0.3, 0.2, 0.1]))
    assert chosen.indices.tolist() == [1, 0, 2]
    assert chosen.scores.tolist() == [0.3, 0.2, 0.1]
    assert chosen.reasons[1] == "nearest to made query 1 (distance 0.8)"
    again = nearest_real(np.array([[0.9], [0.8]]), pool, exclude=[1, 0])
    assert again.indices.tolist() == [2, 3]
    assert np.isnan(again.scores).all()


def test_retrieved_items_are_as_uncertain_as_the_pool_allows() -> None:
    pool = np.random.default_rng(3).normal(size=(3000, 2)) * 3
    made = synthesise(HEAD, 5, START, seed=4)
    chosen = nearest_real(made.points, pool, scores=made.scores)
    assert len(set(chosen.indices.tolist())) == 5
    assert off_the_line(pool[chosen.indices]).max() < np.quantile(off_the_line(pool), 0.15)


def test_too_few_real_items() -> None:
    with pytest.raises(StateError, match="1 of 2 rows of the pool are left for 2 queries"):
        nearest_real(np.zeros((2, 1)), np.zeros((2, 1)), exclude=[0])
    with pytest.raises(ArgumentError, match="points have 2 columns and the pool 1"):
        nearest_real(np.zeros((2, 2)), np.zeros((2, 1)))
