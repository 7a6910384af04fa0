"""A limit on cost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from querist.core.errors import ArgumentError
from querist.core.types import StopReason
from querist.session.rules.max_cost import MaxCost
from querist.testing.rules import progress_of


@pytest.mark.parametrize("cost, stops", [(0.0, False), (9.99, False), (10.0, True), (11.0, True)])
def test_stops_at_the_limit(cost: float, stops: bool) -> None:
    assert (MaxCost(10).check(replace(progress_of([0.5]), cost=cost)) is not None) is stops


def test_a_sum_of_prices_reaches_the_limit_in_spite_of_rounding() -> None:
    spent = sum([0.1] * 10)
    assert spent < 1.0
    assert MaxCost(1.0).check(replace(progress_of([0.5]), cost=spent)) is not None


def test_reason_names_the_figures() -> None:
    reason = MaxCost(2.5).check(replace(progress_of([0.5]), cost=3.25))
    assert reason == StopReason("max_cost(2.5)", "the answers cost 3.25, and 2.5 may be spent")


def test_bad_parameters() -> None:
    with pytest.raises(ArgumentError, match="cost must be a finite number > 0, got 0"):
        MaxCost(0)
