"""Signals of one model that were computed already: asked for again, they are taken and not computed.

One model is asked about the same items several times a round: the pool for the strategy, the test items for each metric,
labelled items for distances. A cache lives as long as its model and can be thrown away at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from querist.core.signals import Signal
from querist.core.types import Array

__all__ = ["SignalCache"]

KEPT_BYTES = 1 << 30
"""What is kept in memory at most; the oldest goes first. Memory-mapped arrays do not count."""

Compute = Callable[[Array, frozenset[Signal]], Mapping[Signal, Any]]


class SignalCache:
    """Keeps what was computed, by rows of the source; one cache a fitted model.

    Arrays are handed out as they are kept, and callers do not write to them.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[Array, dict[Signal, Any]]] = []

    def get(self, rows: Array, names: frozenset[Signal], compute: Compute) -> dict[Signal, Any]:
        """The named signals of some rows: kept ones for rows that were asked for in this order, or are all among such.

        Args:
            rows: (N,) rows of the source.
            names: signals wanted.
            compute: gives the signals of rows; called once, for what is missing.
        """
        whole = next((arrays for kept, arrays in self._kept if np.array_equal(kept, rows)), None)
        if whole is None:
            inside = self._inside(rows, names)
            if inside is not None:
                return inside
            whole = {}
            self._kept.append((np.array(rows), whole))
        missing = names - whole.keys()
        if missing:
            whole.update(compute(rows, missing))
        out = {name: whole[name] for name in names}
        self._shrink()
        return out

    def _inside(self, rows: Array, names: frozenset[Signal]) -> dict[Signal, Any] | None:
        """The signals of rows that are all among those of one kept answer, or None."""
        for kept, arrays in self._kept:
            if not names <= arrays.keys() or len(rows) > len(kept):
                continue
            order = np.argsort(kept, kind="stable")
            at = np.searchsorted(kept, rows, sorter=order)
            at = order[np.minimum(at, len(kept) - 1)] if len(kept) else at
            if len(rows) and np.array_equal(kept[at], rows):
                return {name: _taken(arrays[name], at) for name in names}
        return None

    def _shrink(self) -> None:
        """Let the oldest answers go."""
        while self._kept and sum(_bytes(arrays) for _, arrays in self._kept) > KEPT_BYTES:
            self._kept.pop(0)


def _taken(value: Any, rows: Array) -> Any:
    return tuple(part[rows] for part in value) if isinstance(value, tuple) else value[rows]


def _bytes(arrays: Mapping[Signal, Any]) -> int:
    total = 0
    for value in arrays.values():
        for part in value if isinstance(value, tuple) else (value,):
            total += 0 if isinstance(part, np.memmap) else part.nbytes
    return total
