"""A journal in memory: for benchmarks, notebooks and tests. It is gone with the process."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence

from querist.core.errors import StateError
from querist.core.types import Event
from querist.storage.events import check_expected, check_stream, conflict, encode

__all__ = ["MemoryStore"]


class MemoryStore:
    """Keeps events in lists, as the JSON text that a file would hold: what comes back is what a file gives back.

    Args:
        clock: seconds since the epoch; stamped on events that carry no time.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._streams: dict[str, list[tuple[float, str, str]]] = {}
        self._closed = False

    def append(self, stream: str, events: Sequence[Event], *, expected: int | None = None) -> int:
        """Add events, all or none, and return the last sequence number of the stream.

        Raises:
            StateError: the stream does not end at ``expected`` (code ``Conflict``), or the store is closed (code
                ``Closed``).
            ArgumentError, ArgumentTypeError: an event that cannot be kept (code ``BadEvent``).
        """
        self._usable()
        check_stream(stream)
        wanted = check_expected(expected)
        rows = [(event.at or self._clock(), event.kind, encode(event)) for event in events]
        last = self.last(stream)
        if wanted is not None and wanted != last:
            raise conflict(stream, wanted, last)
        if rows:
            self._streams.setdefault(stream, []).extend(rows)
        return last + len(rows)

    def read(self, stream: str, after: int = 0) -> Iterator[Event]:
        """The events with numbers above ``after`` that are there now, in order."""
        self._usable()
        rows = self._streams.get(check_stream(stream), [])
        return self._events(rows, max(after, 0), len(rows))

    def last(self, stream: str) -> int:
        """The last sequence number of a stream, 0 when it is empty."""
        return len(self._streams.get(stream, ()))

    def streams(self) -> tuple[str, ...]:
        """Names of the streams, sorted."""
        return tuple(sorted(self._streams))

    def close(self) -> None:
        """Refuse further use; the events stay readable by nobody."""
        self._closed = True

    def __enter__(self) -> MemoryStore:
        """The store itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close."""
        self.close()

    def _events(self, rows: Sequence[tuple[float, str, str]], start: int, stop: int) -> Iterator[Event]:
        for place in range(start, stop):
            at, kind, payload = rows[place]
            yield Event(kind, json.loads(payload), place + 1, at)

    def _usable(self) -> None:
        if self._closed:
            raise StateError("this store is closed; open a new one", code="Closed")
