"""The suite for stores: everything registered passes, and each check catches its fault."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from querist.core.errors import StateError
from querist.core.ports import Store
from querist.core.registry import registry
from querist.core.types import Event
from querist.storage import MemoryStore, SqliteStore
from querist.testing.stores import STORE_CHECKS, check_store

Factory = Callable[[], Store]


def sqlite(folder: Path) -> tuple[Factory, Callable[[Store], Store]]:
    numbers = count()

    def reopen(store: Store) -> Store:
        assert isinstance(store, SqliteStore)
        store.close()
        return SqliteStore(store.path, create=False)

    return lambda: SqliteStore(folder / f"{next(numbers)}.db"), reopen


FIXTURES: dict[str, Callable[[Path], tuple[Factory, Callable[[Store], Store] | None]]] = {
    "memory": lambda folder: (MemoryStore, None),
    "sqlite": sqlite,
}


def test_every_registered_store_has_a_fixture() -> None:
    assert {e.name for e in registry.entries("store")} == set(FIXTURES)


@pytest.mark.parametrize("name", sorted(FIXTURES))
def test_passes(name: str, tmp_path: Path) -> None:
    factory, reopen = FIXTURES[name](tmp_path)
    run = check_store(factory, reopen=reopen)
    assert len(run) == len(STORE_CHECKS) + (reopen is not None)


class Plain:
    """A memory store that hands everything on, to be broken in one place."""

    def __init__(self) -> None:
        self.inner = MemoryStore(clock=lambda: 1.0)

    def append(self, stream: str, events: Sequence[Event], *, expected: int | None = None) -> int:
        return self.inner.append(stream, events, expected=expected)

    def read(self, stream: str, after: int = 0) -> Iterator[Event]:
        return self.inner.read(stream, after)

    def close(self) -> None:
        self.inner.close()


class CountsFromZero(Plain):
    def append(self, stream: str, events: Sequence[Event], *, expected: int | None = None) -> int:
        last = super().append(stream, events, expected=expected)
        return last - 1 if events else last


class Backwards(Plain):
    def read(self, stream: str, after: int = 0) -> Iterator[Event]:
        events = list(self.inner.read(stream, after))
        return iter([Event(e.kind, e.payload, s.seq, e.at) for e, s in zip(events[::-1], events)])


class FloatsOnly(Plain):
    def read(self, stream: str, after: int = 0) -> Iterator[Event]:
        for e in self.inner.read(stream, after):
            yield Event(e.kind, json.loads(json.dumps(e.payload), parse_int=float), e.seq, e.at)


class Timeless(Plain):
    def read(self, stream: str, after: int = 0) -> Iterator[Event]:
        return (Event(e.kind, e.payload, e.seq) for e in self.inner.read(stream, after))


class OffByOne(Plain):
    def read(self, stream: str, after: int = 0) -> Iterator[Event]:
        return self.inner.read(stream, after - 1 if after else 0)


class OneStream(Plain):
    def append(self, stream: str, events: Sequence[Event], *, expected: int | None = None) -> int:
        return super().append(stream.lower(), events, expected=expected)

    def read(self, stream: str, after: int = 0) -> Iterator[Event]:
        return super().read(stream.lower(), after)


class Careless(Plain):
    def append(self, stream: str, events: Sequence[Event], *, expected: int | None = None) -> int:
        return super().append(stream, events)


class LateCheck(Plain):
    """Writes first, and looks at ``expected`` then."""

    def append(self, stream: str, events: Sequence[Event], *, expected: int | None = None) -> int:
        if expected is not None and expected != self.inner.last(stream):
            self.inner.append(stream, events)
            raise StateError(f"{stream} {expected} {self.inner.last(stream)}", code="Conflict")
        return super().append(stream, events)


class Curt(Plain):
    def append(self, stream: str, events: Sequence[Event], *, expected: int | None = None) -> int:
        try:
            return super().append(stream, events, expected=expected)
        except StateError as error:
            raise StateError("no", code=error.code) from error


class Piecewise(Plain):
    def append(self, stream: str, events: Sequence[Event], *, expected: int | None = None) -> int:
        last = self.inner.append(stream, [], expected=expected)
        for event in events:
            last = self.inner.append(stream, [event])
        return last


class Shared(Plain):
    """Keeps the very objects, in a list of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, list[Event]] = {}

    def append(self, stream: str, events: Sequence[Event], *, expected: int | None = None) -> int:
        last = super().append(stream, events, expected=expected)
        self.kept.setdefault(stream, []).extend(events)
        return last

    def read(self, stream: str, after: int = 0) -> Iterator[Event]:
        plain = list(super().read(stream, after))
        mine = self.kept.get(stream, [])[after:]
        return iter([Event(m.kind, m.payload, p.seq, p.at) for m, p in zip(mine, plain)])


class Live(Plain):
    def read(self, stream: str, after: int = 0) -> Iterator[Event]:
        next(self.inner.read(stream), None)  # a closed store still says so
        while True:
            event = next(self.inner.read(stream, after), None)
            if event is None:
                return
            yield event
            after = event.seq


class ShortMemory(Plain):
    def read(self, stream: str, after: int = 0) -> Iterator[Event]:
        return iter(list(self.inner.read(stream, after))[:1000])


class AnyName(Plain):
    def append(self, stream: str, events: Sequence[Event], *, expected: int | None = None) -> int:
        return super().append(str(stream) or "none", events, expected=expected)


class NeverCloses(Plain):
    def close(self) -> None:
        pass


class Gullible(Plain):
    """Takes half events: renames known kinds on the way in and back on the way out."""

    def append(self, stream: str, events: Sequence[Event], *, expected: int | None = None) -> int:
        renamed = [Event("x" + e.kind, e.payload, e.seq, e.at) for e in events]
        return super().append(stream, renamed, expected=expected)

    def read(self, stream: str, after: int = 0) -> Iterator[Event]:
        return (Event(e.kind[1:], e.payload, e.seq, e.at) for e in list(super().read(stream, after)))


def test_the_plain_one_passes() -> None:
    assert check_store(Plain)


@pytest.mark.parametrize(
    "check, broken",
    [
        ("numbers_from_one", CountsFromZero),
        ("keeps_order", Backwards),
        ("keeps_payloads", FloatsOnly),
        ("stamps_time", Timeless),
        ("reads_after", OffByOne),
        ("streams_are_apart", OneStream),
        ("refuses_conflict", Careless),
        ("refuses_conflict", LateCheck),
        ("names_the_conflict", Curt),
        ("all_or_none", Piecewise),
        ("refuses_half_events", Gullible),
        ("is_not_shared", Shared),
        ("reads_while_writing", Live),
        ("keeps_many", ShortMemory),
        ("refuses_bad_streams", AnyName),
        ("closes", NeverCloses),
    ],
)
def test_each_check_catches_its_fault(check: str, broken: Factory) -> None:
    with pytest.raises(StateError) as caught:
        check_store(broken)
    assert caught.value.code == "Contract"
    assert str(caught.value).startswith(f"{check}:")


def test_a_store_that_forgets_is_caught() -> None:
    def forget(store: Any) -> Store:
        store.close()
        return MemoryStore()

    with pytest.raises(StateError, match="survives_reopening"):
        check_store(MemoryStore, reopen=forget)


def test_something_that_is_no_store_is_caught() -> None:
    class Half:
        def close(self) -> None:
            pass

    with pytest.raises(StateError, match="is_a_store"):
        check_store(Half)  # type: ignore[arg-type]
