"""Dense by hand and against its few lines written plainly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from querist.core.errors import ArgumentError
from querist.strategies.acceptance import Moment, Rule
from querist.strategies.dense import Dense
from querist.strategies.stream import StreamSampler


def run(rule: Rule, values: Any, budget: float, draw: Callable[[int], float]) -> tuple[list[bool], dict[str, Any]]:
    """Decisions where everything is affordable."""
    memory = rule.begin()
    out: list[bool] = []
    for place, value in enumerate(values):
        moment = Moment(value, place + 1, sum(out), budget, True, lambda name, place=place: draw(place))  # type: ignore[misc]
        out.append(rule.wants(moment, memory))
    return out, memory


def test_only_new_nearest_neighbours_are_asked() -> None:
    # on a line: 0 is alone; 10 is the first neighbour of 0; 11 is nearer to 10 than 0 is; 30 is nobody's nearest;
    # 5 is nearer to 0 than 10 is
    values = [[1.0, x] for x in (0.0, 10.0, 11.0, 30.0, 5.0)]
    asks, memory = run(Dense(), np.array(values), 1.0, lambda place: 0.5)
    assert asks == [False, True, True, False, True]
    assert memory["nearest"].tolist() == [5.0, 1.0, 1.0, 19.0, 5.0]
    assert memory["threshold"] == pytest.approx(0.99**3)


def test_sure_items_are_passed_and_raise_the_threshold() -> None:
    values = np.array([[0.0, 0.0], [0.1, 1.0], [0.5, 0.5]])  # confidences 1, 0.9, 0.5
    asks, memory = run(Dense(start=0.8, step=0.5), values, 1.0, lambda place: 0.5)
    assert asks == [False, False, True]
    assert memory["threshold"] == pytest.approx(0.8 * 1.5 * 0.5)


def plainly(values: Any, window: int, draws: Any) -> list[bool]:
    from statistics import NormalDist

    met: list[tuple[Any, float]] = []
    theta, out = 1.0, []
    for (rating, *x), u in zip(values.tolist(), draws, strict=True):
        distances = [float(np.linalg.norm(np.array(x) - p)) for p, _ in met]
        density = sum(d < near for d, (_, near) in zip(distances, met, strict=True))
        met = [(p, min(d, near)) for d, (p, near) in zip(distances, met, strict=True)]
        met = [*met, (np.array(x), min(distances, default=float("inf")))][-window:]
        asks = density > 0 and 1 - rating < theta * NormalDist(1.0, 1.0).inv_cdf(u)
        if density > 0:
            theta *= 0.99 if asks else 1.01
        out.append(asks)
    return out


@pytest.mark.parametrize("window", [1, 5, 100])
def test_like_the_rule_written_down(window: int) -> None:
    rng = np.random.default_rng(window)
    values = np.column_stack([rng.random(150), rng.normal(size=(150, 2))])
    draws = rng.random(150)
    assert run(Dense(window=window), values, 1.0, lambda place: draws[place])[0] == plainly(values, window, draws)


def test_in_a_sampler() -> None:
    rng = np.random.default_rng(0)
    p, x = rng.dirichlet(np.ones(3), 50), rng.normal(size=(50, 2))
    sampler = StreamSampler("margin", rule="dense", budget=0.2, window=10)
    assert 2 <= sum(sampler.offer(probs=p, embedding=x)) <= 10
    assert len(sampler.state["memory"]["points"]) == 10
    assert StreamSampler(rule="dense").state["memory"] == {"threshold": 1.0, "points": [], "nearest": []}
    one = StreamSampler(rule="dense")
    one.offer(probs=p[:1], embedding=x[:1])
    assert one.state["memory"]["nearest"] == [None]
    with pytest.raises(ArgumentError, match="the rule dense needs a score between 0 and 1"):
        StreamSampler("entropy", rule="dense").offer(probs=np.full((2, 4), 0.25), embedding=x[:2])
