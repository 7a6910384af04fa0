"""uvicorn's HTTP/1.1 with bounds: how many connections, how long and how large the head of a request may be.

uvicorn waits for ever for the head of a first request; here a connection that sends none within 10 s, or more than
64 KiB of it, is closed, so that many idle sockets cost little and nothing is collected without end.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from querist.server.problems import problem_body
from querist.server.security import SERVED

__all__ = ["BoundedProtocol"]

HEAD_SECONDS = 10.0
HEAD_BYTES = 64 << 10
CONNECTIONS = 700
"""Sockets at once; an ordinary process may have 1,024 files open."""
_LINGER = 0.5


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    _timer: asyncio.TimerHandle | None = None
    _bytes = 0
    _in_head = True
    _refused = False
    _served = 0

    def connection_made(self, transport: Any) -> None:
        """Turn away what is too much; start the clock of the first head."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            self._refuse(503, "Busy", f"more than {CONNECTIONS} connections; try again in a second")
            return
        self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and count while a head is coming."""
        if self._refused:
            return
        if self._in_head:
            if self._timer is None:
                self._start()
            self._bytes += len(data)
        super().data_received(data)
        if self._in_head and self._bytes > HEAD_BYTES and not (self._refused or self.transport.is_closing()):
            self._refuse(431, "TooLarge", f"the head of the request is larger than {HEAD_BYTES:,} bytes")

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._in_head = False
        self._stop()
        self.scope[SERVED] = self._served  # type: ignore[literal-required]
        self._served += 1
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What comes next is a head again; its clock starts with its first byte, until then uvicorn's own runs."""
        self._in_head, self._bytes = True, 0
        super().on_message_complete()

    def _start(self) -> None:
        self._timer = self.loop.call_later(HEAD_SECONDS, self._slow)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _slow(self) -> None:
        self._timer = None
        if self._in_head and self._idle() and not self.transport.is_closing():
            if self._bytes:
                self._refuse(408, "SlowHead", f"the head of the request did not come within {HEAD_SECONDS:g} s")
            else:
                self.transport.close()

    def _idle(self) -> bool:
        return self.cycle is None or bool(self.cycle.response_complete)

    def _refuse(self, status: int, code: str, detail: str) -> None:
        body = problem_body(status, code, detail)
        more = "retry-after: 1\r\n" if status == 503 else ""
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/problem+json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\nx-content-type-options: nosniff\r\n{more}\r\n"
        )
        self._refused = True
        self._stop()
        self.transport.write(head.encode("ascii") + body)
        # a socket that is closed with something unread is reset, and the client would not hear the answer
        self.transport.write_eof()
        self.loop.call_later(_LINGER, self.transport.close)
