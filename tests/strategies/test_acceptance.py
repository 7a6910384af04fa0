"""Each rule by hand, and against its few lines written plainly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.strategies.acceptance import (
    Chance,
    Moment,
    Quantile,
    Randomised,
    Rule,
    Split,
    Threshold,
    Variable,
)
from querist.strategies.stream import RULES


def run(
    rule: Rule, values: Any, budget: float, draw: Callable[[str, int], float] = lambda name, place: 0.5
) -> tuple[list[bool], dict[str, Any]]:
    """Decisions where everything is affordable."""
    memory = rule.begin()
    out: list[bool] = []
    for place, value in enumerate(values):
        moment = Moment(value, place + 1, sum(out), budget, True, lambda name, place=place: draw(name, place))  # type: ignore[misc]
        out.append(rule.wants(moment, memory))
    return out, memory


def closed(rule: Rule, value: Any) -> tuple[bool, dict[str, Any]]:
    """The decision where nothing is affordable."""
    memory = rule.begin()
    return rule.wants(Moment(value, 1, 0, 0.5, False, lambda name: 0.0), memory), memory


def test_threshold() -> None:
    assert run(Threshold(0.5), [0.4, 0.5, 0.6], 0.1)[0] == [False, True, True]
    assert closed(Threshold(0.5), 0.9)[0] is False


def test_chance() -> None:
    draws = [0.05, 0.1, 0.2, 0.0999]
    assert run(Chance(), [0.0] * 4, 0.1, lambda name, place: draws[place])[0] == [True, False, False, True]
    assert closed(Chance(), 0.9)[0] is False


def test_variable_by_hand() -> None:
    rule = Variable(start=0.8, step=0.5, window=10)
    # confidences 0.7, 0.6, 0.5, 0.7: below 0.8 -> 0.4; not below 0.4 -> 0.6; below 0.6 -> 0.3; not below 0.3 -> 0.45
    asks, memory = run(rule, [0.3, 0.4, 0.5, 0.3], 1.0)
    assert asks == [True, False, True, False]
    assert memory["threshold"] == pytest.approx(0.45)
    assert memory["spent"] == pytest.approx((1 * 0.9 * 0.9 + 1) * 0.9)


def test_variable_rests_while_the_window_is_spent() -> None:
    rule = Variable(start=2.0, step=0.01, window=4)
    # spent / 4 < 0.2 only before the first item and again once 0.75^k / 4 < 0.2, that is after one more
    asks, memory = run(rule, [0.0] * 4, 0.2)
    assert asks == [True, False, True, False]
    assert memory["threshold"] == pytest.approx(2.0 * 0.99**2)  # resting changes nothing
    assert closed(rule, 0.9) == (False, {"threshold": 2.0, "spent": 0.0})


def plainly(values: Any, budget: float, noise: Any, start: float, step: float, window: int) -> list[bool]:
    """The strategy with variable threshold as the paper has it."""
    theta, spent, out = start, 0.0, []
    for value, factor in zip(values, noise, strict=True):
        asks = False
        if spent / window < budget:
            if 1 - value < theta * factor:
                asks, theta = True, theta * (1 - step)
            else:
                theta = theta * (1 + step)
        spent = spent * (window - 1) / window + asks
        out.append(asks)
    return out


def test_variable_and_randomised_like_the_paper() -> None:
    from statistics import NormalDist

    rng = np.random.default_rng(0)
    values, draws = rng.random(400), rng.random(400)
    ones = np.ones(400)
    assert run(Variable(), values, 0.2)[0] == plainly(values, 0.2, ones, 1.0, 0.01, 100)
    noise = [NormalDist(1.0, 0.7).inv_cdf(u) for u in draws]
    got = run(Randomised(deviation=0.7), values, 0.2, lambda name, place: draws[place])[0]
    assert got == plainly(values, 0.2, noise, 1.0, 0.01, 100)
    assert got != plainly(values, 0.2, ones, 1.0, 0.01, 100)
    assert run(Randomised(deviation=0.0), values, 0.2)[0] == run(Variable(), values, 0.2)[0]


def test_split() -> None:
    values = np.random.default_rng(0).random(200)
    assert run(Split(share=0.0), values, 0.2)[0] == run(Variable(), values, 0.2)[0]
    draws = {"split": 0.05, "chance": 0.1}
    asks, memory = run(Split(share=0.1, window=1000), [0.0] * 3, 0.2, lambda name, place: draws[name])
    assert asks == [True] * 3  # the random part, whatever the rating
    assert memory["threshold"] == 1.0
    draws["chance"] = 0.9
    assert run(Split(share=0.1), [1.0] * 3, 0.2, lambda name, place: draws[name])[0] == [False] * 3


def test_quantile_by_hand() -> None:
    rule = Quantile(window=4, tolerance=2.0)
    # one rating is its own quantile; item 2: median 1.5, range 1, left 0.5 * 2 - 1 = 0: bound 1.5
    asks, memory = run(rule, [1.0, 2.0, 0.0], 0.5)
    assert asks == [True, True, False]
    # item 3: median of (1, 2, 0) is 1, range 2, left 0.5 * 3 - 2 = -0.5: bound 1.5
    asks, memory = run(rule, [1.0, 0.0, 0.9, 0.95, 0.4], 0.5)
    # item 2: median 0.5, range 1, left 0: 0 < 0.5; item 3: median 0.9, left 0.5, bound 0.65: asked
    # item 4: median 0.925, left 0, asked; item 5 (window 0, 0.9, 0.95, 0.4): median 0.65, left -0.5: passed
    assert asks == [True, False, True, True, False]
    assert memory["ratings"] == [0.0, 0.9, 0.95, 0.4]
    assert closed(rule, 3.0) == (False, {"ratings": [3.0]})


@pytest.mark.parametrize("name", list(RULES))
def test_rules_are_values_with_a_name(name: str) -> None:
    rule = RULES[name]()
    assert rule.name == name
    assert rule == RULES[name](**rule.parameters())
    assert type(rule).__doc__


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Variable(window=0), "window must be a whole number ≥ 1, got 0"),
        (lambda: Variable(step=1.5), "step must be a number from 0 to 1, got 1.5"),
        (lambda: Threshold(float("nan")), "at must be a number, got nan"),
        (lambda: Quantile(tolerance=0.0), "tolerance must be"),
    ],
)
def test_bad_values(make: Callable[[], Rule], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        make()


def test_values_of_the_wrong_kind() -> None:
    with pytest.raises(ArgumentTypeError, match="window must be a whole number"):
        Variable(window=2.5)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="at must be a number"):
        Threshold("high")  # type: ignore[arg-type]
