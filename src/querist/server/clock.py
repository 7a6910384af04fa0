"""The clock of leases: it starts at the time of day and then runs steadily, whatever becomes of the time of day."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["SteadyClock"]


class SteadyClock:
    """Seconds since the epoch as they were at the start, moved on by a clock that nobody sets.

    A lease so lasts as long as it should when the time of day jumps (set by hand, corrected, daylight saving).

    Args:
        wall: the time of day, read once.
        steady: seconds since some moment; it never goes back.

    >>> wall, steady = iter([1000.0]), iter([5.0, 6.5])
    >>> SteadyClock(lambda: next(wall), lambda: next(steady))()
    1001.5
    """

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self._ahead = wall() - steady()

    def __call__(self) -> float:
        """Now."""
        return self._ahead + self._steady()
