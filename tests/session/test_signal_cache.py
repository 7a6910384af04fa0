from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from querist.core.signals import EMBEDDING, GRADIENT, PROBS, Signal
from querist.core.types import Array
from querist.session import signal_cache
from querist.session.signal_cache import SignalCache


class Counted:
    """Computes the row number as every signal, and counts the calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, frozenset[Signal]]] = []

    def __call__(self, rows: Array, names: frozenset[Signal]) -> Mapping[Signal, Any]:
        self.calls.append((len(rows), names))
        column = rows[:, None].astype(np.float32)
        return {name: (column, -column) if name is GRADIENT else column for name in names}


def test_nothing_is_computed_twice() -> None:
    cache, compute = SignalCache(), Counted()
    rows = np.array([4, 2, 9])
    first = cache.get(rows, frozenset({PROBS}), compute)
    again = cache.get(rows.copy(), frozenset({PROBS, EMBEDDING}), compute)
    assert again[PROBS] is first[PROBS]
    assert compute.calls == [(3, frozenset({PROBS})), (3, frozenset({EMBEDDING}))]


def test_some_of_the_rows_in_another_order() -> None:
    cache, compute = SignalCache(), Counted()
    cache.get(np.array([4, 2, 9, 7]), frozenset({PROBS, GRADIENT}), compute)
    some = cache.get(np.array([7, 4]), frozenset({GRADIENT}), compute)
    np.testing.assert_array_equal(some[GRADIENT][0][:, 0], [7, 4])
    np.testing.assert_array_equal(some[GRADIENT][1][:, 0], [-7, -4])
    assert len(compute.calls) == 1
    other = cache.get(np.array([7, 5]), frozenset({PROBS}), compute)
    np.testing.assert_array_equal(other[PROBS][:, 0], [7, 5])
    assert len(compute.calls) == 2


def test_the_oldest_goes_when_it_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal_cache, "KEPT_BYTES", 30)
    cache, compute = SignalCache(), Counted()
    for start in (0, 10, 20):
        cache.get(np.arange(start, start + 3), frozenset({PROBS}), compute)
    cache.get(np.arange(20, 23), frozenset({PROBS}), compute)
    assert len(compute.calls) == 3
    cache.get(np.arange(3), frozenset({PROBS}), compute)
    assert len(compute.calls) == 4


def test_no_rows() -> None:
    compute = Counted()
    assert SignalCache().get(np.zeros(0, dtype=np.int64), frozenset({PROBS}), compute)[PROBS].shape == (0, 1)
