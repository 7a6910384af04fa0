"""The journal in memory; the contract is in tests/testing/test_stores.py."""

from __future__ import annotations

import pytest

from querist.core.errors import StateError
from querist.core.types import Event
from querist.storage.memory import MemoryStore


def test_stamps_by_its_clock() -> None:
    times = iter([10.0, 20.0])
    store = MemoryStore(clock=lambda: next(times))
    store.append("main", [Event("a", {}), Event("b", {}, at=5.0), Event("c", {})])
    assert [e.at for e in store.read("main")] == [10.0, 5.0, 20.0]


def test_streams_and_last() -> None:
    with MemoryStore() as store:
        store.append("b", [Event("x", {})])
        store.append("a", [Event("x", {}), Event("y", {})])
        assert store.streams() == ("a", "b")
        assert (store.last("a"), store.last("b"), store.last("c")) == (2, 1, 0)
    with pytest.raises(StateError, match="closed"):
        store.append("a", [])


def test_a_refused_append_leaves_no_stream_behind() -> None:
    store = MemoryStore()
    with pytest.raises(StateError):
        store.append("main", [Event("x", {})], expected=3)
    assert store.streams() == ()
