"""VeSSAL by hand; its kernel has a test of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from querist.core.errors import ArgumentError
from querist.strategies.acceptance import Moment, Rule
from querist.strategies.vessal import Volume


def run(rule: Rule, values: Any, budget: float, draw: Callable[[int], float]) -> tuple[list[bool], dict[str, Any]]:
    """Decisions where everything is affordable."""
    memory = rule.begin()
    out: list[bool] = []
    for place, value in enumerate(values):
        moment = Moment(value, place + 1, sum(out), budget, True, lambda name, place=place: draw(place))  # type: ignore[misc]
        out.append(rule.wants(moment, memory))
    return out, memory


def test_volume_asks_for_what_is_new() -> None:
    rule = Volume(ridge=0.01)
    e = np.eye(3)
    asks, memory = run(rule, [e[0]] * 10 + [e[1]], 0.3, lambda place: 0.29 if place == 0 else 0.5)
    # the first has chance 0.3; copies of it then 0.3 too (the share of the mean is 1); a new direction far more
    assert asks == [True] + [False] * 9 + [True]
    assert memory["moments"].seen == 11
    with pytest.raises(ArgumentError, match="items now have 2 features and had 3 before"):
        rule.wants(Moment(np.ones(2), 12, 2, 0.3, True, lambda name: 0.5), memory)
    assert rule.wants(Moment(e[0], 1, 0, 0.3, False, lambda name: 0.0), rule.begin()) is False


def test_volume_does_not_depend_on_the_scale() -> None:
    rng = np.random.default_rng(1)
    x, draws = rng.normal(size=(200, 4)), rng.random(200)
    small = run(Volume(ridge=1e-4), x / 10, 0.2, lambda place: draws[place])[0]
    large = run(Volume(ridge=1e-2), x, 0.2, lambda place: draws[place])[0]
    assert small == large
    assert 20 <= sum(large) <= 60


def test_what_it_looks_at() -> None:
    assert [str(s) for s in Volume().needs.pool] == ["gradient"]
    assert [str(s) for s in Volume(of="embedding").needs.pool] == ["embedding"]
    with pytest.raises(ArgumentError, match="of must be gradient or embedding, got probs"):
        Volume(of="probs")
