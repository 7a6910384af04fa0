"""What an entry of ``summary`` in ``results.json`` holds."""

from __future__ import annotations

from typing import NotRequired, TypedDict

__all__ = ["Entry", "Versus"]


class Versus(TypedDict):
    """A strategy against random: paired differences of the area over common seeds.

    ``diff`` is the strategy's minus random's in the metric's own direction, also where lower is better; ``wins`` counts
    the seeds on which the strategy is the better one. ``p`` is null below ten common seeds.
    """

    diff: float | None
    diff_ci: list[float] | None
    p: float | None
    wins: int
    ties: int
    losses: int
    seeds: int
    note: str | None


class Entry(TypedDict):
    """One strategy and one metric.

    ``labels_to_target`` and ``censored`` are null where random did not run; ``versus_random`` is null there and for
    random itself. ``aubc_published`` is there in a study of a published row only.
    """

    strategy: str
    metric: str
    aubc: float
    aubc_ci: list[float]
    final: float
    labels_to_target: float | None
    censored: int | None
    seeds: int
    versus_random: Versus | None
    aubc_published: NotRequired[float]
