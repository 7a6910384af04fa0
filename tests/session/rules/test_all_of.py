"""All of several."""

from __future__ import annotations

import pytest

from querist.core.errors import ArgumentError
from querist.core.types import StopReason
from querist.session.rules import AllOf, AnyOf, MaxLabels, MaxRounds
from querist.testing.rules import progress_of


def test_stops_when_all_do_and_joins_the_reasons() -> None:
    rule = AllOf(MaxLabels(30), MaxRounds(2))
    assert rule.check(progress_of([0.5] * 2)) is None
    assert rule.check(progress_of([0.5] * 3)) == StopReason(
        "max_labels(30) & max_rounds(2)",
        "30 items are labelled, and 30 were wanted; and 3 rounds are fitted, and 2 were wanted",
    )


def test_brackets_where_they_are_needed() -> None:
    rule = AllOf(AnyOf(MaxLabels(1), MaxRounds(2)), MaxRounds(3))
    assert str(rule) == "(max_labels(1) | max_rounds(2)) & max_rounds(3)"


def test_refuses_nothing() -> None:
    with pytest.raises(ArgumentError, match="all_of needs at least one"):
        AllOf()
