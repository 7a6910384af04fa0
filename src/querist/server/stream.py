"""Server-sent events: what changed, in a few words, to every page that listens.

Each listener has a queue of bounded length. One that does not keep up is dropped: its page connects again and asks for
the state, which is always complete, so that nothing but a short delay is lost.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

__all__ = ["EVENTS", "Hub", "Listener"]

EVENTS = frozenset({"queue", "model", "project", "trainer", "panel"})
HEARTBEAT = 15.0
"""Seconds of silence after which a comment is sent, so that a dead connection is noticed."""
_CALM = 0.1
"""Seconds in which what replaces each other is one event."""
_LENGTH = 64
_MOST = 32
_RETRY = 2000
"""Milliseconds after which a browser connects again."""


class Listener:
    """One open stream."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(_LENGTH)
        self.dropped = False

    def put(self, line: bytes) -> None:
        """Add an event, or give the listener up when its queue is full."""
        if self.dropped:
            return
        try:
            self._queue.put_nowait(line)
        except asyncio.QueueFull:
            self.drop()

    def drop(self) -> None:
        """End the stream after what is being sent now."""
        self.dropped = True
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def lines(self, heartbeat: float = HEARTBEAT) -> AsyncIterator[bytes]:
        """The text of the stream until it is dropped."""
        yield f"retry: {_RETRY}\n: hello\n\n".encode()
        while True:
            try:
                async with asyncio.timeout(heartbeat):
                    line = await self._queue.get()
            except TimeoutError:
                yield b": beat\n\n"
                continue
            if line is None:
                return
            yield line


class Hub:
    """All listeners of a server. `send` may be called from any thread once `bind` was called in the loop's own."""

    def __init__(self, most: int = _MOST) -> None:
        self._listeners: set[Listener] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._number = 0
        self._newest: dict[str, dict[str, Any]] = {}
        self._next_at = 0.0
        self._most = most
        self._closed = False

    def __len__(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def bind(self) -> None:
        """Belong to the running loop."""
        self._loop = asyncio.get_running_loop()

    def open(self) -> Listener | None:
        """A new listener, or None when there are too many, or the server is ending."""
        if self._closed or len(self._listeners) >= self._most:
            return None
        listener = Listener()
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Forget a listener."""
        self._listeners.discard(listener)

    def send(self, event: str, data: dict[str, Any]) -> None:
        """Tell everybody; from any thread, never waiting. Before `bind`, and after the loop has ended, nobody hears it.

        Raises:
            ValueError: no such event.
        """
        if event not in EVENTS:
            raise ValueError(f"no event {event!r}; there are {', '.join(sorted(EVENTS))}")
        if not self._listeners or self._loop is None or self._loop.is_closed():
            return
        text = json.dumps(data, ensure_ascii=False, allow_nan=False)
        try:
            if _running() is self._loop:  # no need to wake it
                self._loop.call_soon(self._tell, event, text)
            else:
                self._loop.call_soon_threadsafe(self._tell, event, text)
        except RuntimeError:  # the loop was closed in the meantime
            return

    def newest(self, event: str, data: dict[str, Any]) -> None:
        """Tell everybody what replaces what was told before, ten times a second at most; only in the loop's own thread.

        Each event goes to each listener through all layers of the server, and nobody reads a count that fast.
        """
        waits = event in self._newest
        self._newest[event] = data
        if not waits and self._loop is not None:
            self._loop.call_at(max(self._next_at, self._loop.time()), self._send_newest, event)

    def _send_newest(self, event: str) -> None:
        self._next_at = (self._loop.time() if self._loop else 0.0) + _CALM
        self.send(event, self._newest.pop(event))

    def _tell(self, event: str, text: str) -> None:
        self._number += 1
        line = f"id: {self._number}\nevent: {event}\ndata: {text}\n\n".encode("utf-8", "replace")
        for listener in list(self._listeners):
            listener.put(line)
            if listener.dropped:
                self._listeners.discard(listener)

    def close(self) -> None:
        """End every stream; the server is stopping."""
        self._closed = True
        for listener in list(self._listeners):
            listener.drop()
        self._listeners.clear()


def _running() -> asyncio.AbstractEventLoop | None:
    """The loop of this thread, or None."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
