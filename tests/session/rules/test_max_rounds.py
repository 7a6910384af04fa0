"""A limit on rounds."""

from __future__ import annotations

import pytest

from querist.core.errors import ArgumentError
from querist.core.types import StopReason
from querist.session.rules.max_rounds import MaxRounds
from querist.testing.rules import progress_of


@pytest.mark.parametrize("rounds, stops", [(0, False), (2, False), (3, True), (4, True)])
def test_stops_at_the_limit(rounds: int, stops: bool) -> None:
    assert (MaxRounds(3).check(progress_of([0.5] * rounds)) is not None) is stops


def test_reason_names_the_figures() -> None:
    reason = MaxRounds(3).check(progress_of([0.5] * 4))
    assert reason == StopReason("max_rounds(3)", "4 rounds are fitted, and 3 were wanted")


def test_bad_parameters() -> None:
    with pytest.raises(ArgumentError, match="n must be ≥ 1, got -3"):
        MaxRounds(-3)
