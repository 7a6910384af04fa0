from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from querist.core import large
from querist.core.signals import (
    AUGMENTED,
    CATALOGUE,
    CRITIC,
    DISCRIMINATOR,
    EMBEDDING,
    GRADIENT,
    LOSS,
    MEMBERS,
    PROBS,
    Signal,
)
from querist.core.types import Array
from querist.session import signal_cache
from querist.session.signal_cache import BY_BATCH, SignalCache


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
    assert compute.calls[1:] == [(1, frozenset({PROBS}))]


def test_the_oldest_goes_when_it_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal_cache, "KEPT_BYTES", 30)
    cache, compute = SignalCache(), Counted()
    for start in (0, 10, 20):
        cache.get(np.arange(start, start + 3), frozenset({PROBS}), compute)
    cache.get(np.arange(20, 23), frozenset({PROBS}), compute)
    assert len(compute.calls) == 3
    cache.get(np.arange(3), frozenset({PROBS}), compute)
    assert len(compute.calls) == 4


def test_files_are_bounded_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal_cache, "KEPT_BYTES", 0)
    monkeypatch.setattr(signal_cache, "MAPPED_BYTES", 30)
    calls = []

    def compute(rows: Array, names: frozenset[Signal]) -> Mapping[Signal, Any]:
        calls.append(int(rows[0]))
        array = np.memmap(tmp_path / str(len(calls)), np.float32, "w+", shape=(len(rows), 1))
        array[:, 0] = rows
        return {PROBS: array}

    cache = SignalCache()
    for start in (0, 10, 20, 10):  # two of 12 bytes are kept
        cache.get(np.arange(start, start + 3), frozenset({PROBS}), compute)
    assert calls == [0, 10, 20]
    cache.get(np.arange(3), frozenset({PROBS}), compute)
    assert calls == [0, 10, 20, 0]


def test_no_rows() -> None:
    compute = Counted()
    assert SignalCache().get(np.zeros(0, dtype=np.int64), frozenset({PROBS}), compute)[PROBS].shape == (0, 1)


def column(rows: Any, names: frozenset[Signal]) -> dict[Signal, Any]:
    """What `Counted` says."""
    return dict(Counted()(np.asarray(rows), names))


def same(got: Mapping[Signal, Any], rows: Any) -> None:
    wanted = column(rows, frozenset(got))
    for name, value in got.items():
        parts = value if isinstance(value, tuple) else (value,)
        others = wanted[name] if isinstance(wanted[name], tuple) else (wanted[name],)
        for part, other in zip(parts, others, strict=True):
            np.testing.assert_array_equal(part, other)
            assert part.dtype == other.dtype


def test_of_a_partial_overlap_only_what_is_missing_is_computed() -> None:
    cache, compute = SignalCache(), Counted()
    names = frozenset({PROBS, GRADIENT})
    same(cache.get(np.array([1, 4, 6, 9]), names, compute), [1, 4, 6, 9])
    same(cache.get(np.array([9, 3, 1, 5]), names, compute), [9, 3, 1, 5])
    same(cache.get(np.array([0, 1, 2, 3, 4, 5]), names, compute), [0, 1, 2, 3, 4, 5])
    same(cache.get(np.array([5, 0, 9]), names, compute), [5, 0, 9])
    assert compute.calls == [(4, names), (2, names), (2, names)]


def test_signals_of_one_pass_are_computed_together_and_costly_ones_only_where_missing() -> None:
    cache, compute = SignalCache(), Counted()
    cache.get(np.arange(4), frozenset({PROBS, MEMBERS}), compute)
    compute.calls.clear()
    asked = frozenset({PROBS, EMBEDDING, MEMBERS})
    same(cache.get(np.arange(2, 8), asked, compute), range(2, 8))  # no embedding is known
    assert sorted(compute.calls, key=str) == [(4, frozenset({MEMBERS})), (6, frozenset({PROBS, EMBEDDING}))]
    compute.calls.clear()
    same(cache.get(np.arange(10), frozenset({PROBS, EMBEDDING}), compute), range(10))
    assert compute.calls == [(4, frozenset({PROBS, EMBEDDING}))]  # 0, 1, 8, 9: of 0 and 1 only the embedding is missing


@pytest.mark.parametrize("signal", sorted(BY_BATCH, key=str))
def test_what_depends_on_the_batch_is_taken_for_the_very_same_items_only(signal: Signal) -> None:
    cache, compute = SignalCache(), Counted()
    rows, names = np.array([4, 2, 9]), frozenset({signal, PROBS})
    first = cache.get(rows, names, compute)
    assert cache.get(rows, names, compute)[signal] is first[signal]
    same(cache.get(np.array([2, 9]), names, compute), [2, 9])
    same(cache.get(np.array([4, 2, 9, 5]), names, compute), [4, 2, 9, 5])
    alone = frozenset({signal})
    last = [(4, alone), (1, frozenset({PROBS}))] if signal is AUGMENTED else [(4, names)]  # one pass gives both
    assert compute.calls == [(3, names), (2, alone), *last]


def test_only_signals_that_draw_item_after_item_are_by_batch() -> None:
    assert {s for s in CATALOGUE.values() if s in BY_BATCH} == {AUGMENTED, LOSS, DISCRIMINATOR, CRITIC}


def test_what_is_put_together_goes_to_a_file_beyond_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    cache, compute = SignalCache(), Counted()
    cache.get(np.arange(0, 600, 2), frozenset({GRADIENT}), compute)
    monkeypatch.setattr(large, "SPILL_BYTES", 1000)
    out = cache.get(np.arange(599, -1, -1), frozenset({GRADIENT}), compute)
    assert compute.calls == [(300, frozenset({GRADIENT}))] * 2
    assert all(isinstance(part, np.memmap) for part in out[GRADIENT])
    same(out, np.arange(599, -1, -1))
    some = cache.get(np.arange(5), frozenset({GRADIENT}), compute)
    assert not isinstance(some[GRADIENT][0], np.memmap)


def test_against_a_table_of_items_with_random_requests() -> None:
    """A slow reference: every value is the row itself, and no pair of signal and row is computed twice but of one pass."""
    rng = np.random.default_rng(0)
    cache, compute = SignalCache(), Counted()
    known: set[tuple[Signal, int]] = set()
    for _ in range(60):
        rows = rng.permutation(30)[: rng.integers(0, 20)]
        names = frozenset(s for s in (PROBS, EMBEDDING, GRADIENT, MEMBERS) if rng.random() < 0.5)
        before = len(compute.calls)
        same(cache.get(rows, names, compute), rows)
        lacking = {(s, int(r)) for s in names for r in rows} - known
        cheap = {s for s in names if s is not MEMBERS}
        calls = compute.calls[before:] if len(rows) else []
        assert sum(n for n, asked in calls if MEMBERS in asked and not asked & cheap) <= len(rows)
        for count, asked in calls:
            own = {r for s, r in lacking if s in (asked & cheap or asked)}
            assert len(own) <= count <= len(rows)
            assert asked <= names
        assert len(calls) <= 2
        assert bool(calls) == bool(lacking)
        known |= lacking
