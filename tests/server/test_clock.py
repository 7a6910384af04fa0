"""The time of day may jump; a lease is as long as it should be."""

from __future__ import annotations

import time

import pytest

from querist.server.clock import SteadyClock


class Times:
    """A time of day and a steady clock, both moved by hand."""

    def __init__(self) -> None:
        self.day, self.up = 1_000_000.0, 50.0

    def clock(self) -> SteadyClock:
        return SteadyClock(lambda: self.day, lambda: self.up)

    def pass_by(self, seconds: float) -> None:
        self.day += seconds
        self.up += seconds


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 86_400.0, -0.5])
def test_jumps_of_the_day_are_not_seen(jump: float) -> None:
    times = Times()
    clock = times.clock()
    assert clock() == 1_000_000.0
    times.pass_by(10)
    times.day += jump
    assert clock() == 1_000_010.0
    times.pass_by(5)
    assert clock() == 1_000_015.0


def test_it_starts_at_the_time_of_day() -> None:
    assert abs(SteadyClock()() - time.time()) < 1.0
