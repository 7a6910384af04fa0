"""The shield around the whole app, as plain ASGI: Host, origin, security headers, overload, and one log line a request.

A page of another site that the same browser has open may send requests here, and a name of its own may resolve to
this machine (rebinding). So a request must name one of our own hosts, and whatever changes something, or listens to
the events, must say that it comes from our own page: by ``Origin``, or by ``Sec-Fetch-Site: same-origin``. Nothing here
decides by the path who may do what: that is said on each route, see `querist.server.policy`.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import Collection, Mapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from querist.server.logs import line, log
from querist.server.problems import problem_body

__all__ = ["HEADERS", "LOCAL_NAMES", "SERVED", "Shield", "allowed_hosts", "comes_from_us", "origin_fault"]

LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
"""Host names of the loopback that a request may carry, each with the port that the server has."""

_CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": _CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
"""What every response carries; a route may set its own ``Cache-Control`` and a stricter policy."""
_RAW_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_AT_ONCE = 96
"""Requests at once, each some milliseconds of work: the last one waits half a second."""
_KEPT_FREE = 64
"""Further ones for connections that were served before: who labels already goes on while others storm the door."""
SERVED = "querist.served"
"""Where the protocol says in the scope how many requests of its connection came before."""
_HELD = "querist.origin"
_PREFIX = secrets.token_hex(3)
_NUMBERS = itertools.count()
"""Ids of requests: random for each start, then counted; asking the system for random bytes each time costs a post 5 %."""


def allowed_hosts(port: int) -> frozenset[bytes]:
    """The values of ``Host`` that are ours."""
    names = {f"{name}:{port}" for name in LOCAL_NAMES}
    if port == 80:
        names.update(LOCAL_NAMES)
    return frozenset(name.encode() for name in names)


def comes_from_us(headers: Mapping[bytes, bytes], host: bytes) -> str:
    """Why a request does not come from our own page, or "".

    Args:
        headers: those of the request, names in lower case.
        host: its ``Host``, already found to be ours.
    """
    site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
    if site is None and origin is None:
        return "the request carries neither Origin nor Sec-Fetch-Site; a client sends Origin with the server's address"
    if site is not None and site != b"same-origin":
        return "the request comes from another site"
    if origin is not None and origin != b"http://" + host:
        return "the Origin of the request is not the server's own address"
    return ""


class Shield:
    """Wraps the app.

    Args:
        app: what answers.
        hosts: values of ``Host`` that are ours, see `allowed_hosts`; a set that may be filled once the port is known.
        at_once: requests that may be worked on at the same time; more are turned away with 503.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[bytes], at_once: int = _MOST_AT_ONCE) -> None:
        self._app, self._hosts, self._at_once = app, hosts, at_once
        self._running = 0

    @property
    def running(self) -> int:
        """Requests that are being worked on now."""
        return self._running

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on with the headers added to what comes back."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})  # there is no web socket here
            return
        exchange = _Exchange(scope, send)
        refused = self._refused(scope, exchange.headers)
        if refused is not None:
            status, code, detail = refused
            await exchange.refuse(status, code, detail)
            exchange.log()
            return
        self._running += 1
        try:
            await self._app(scope, receive, exchange.send)
        except asyncio.CancelledError:
            exchange.fault = "Cancelled"
            raise
        except Exception as error:
            exchange.fault = f"{type(error).__name__} at {_place(error)}"
            log.debug("traceback, which may hold data", exc_info=error)  # only shown when --debug is asked for
            if not exchange.status:
                await exchange.refuse(500, "Fault", "this is a fault of querist; the log of the server names the place")
        finally:
            self._running -= 1
            exchange.log()

    def _refused(self, scope: Scope, headers: Mapping[bytes, bytes]) -> tuple[int, str, str] | None:
        host = headers.get(b"host", b"")
        if host not in self._hosts or sum(1 for name, _ in scope["headers"] if name == b"host") != 1:
            return 400, "ForeignHost", "the Host of the request is none of this server's; open the printed address"
        why = comes_from_us(headers, host)
        if scope["method"] not in _SAFE:
            if why:
                return 403, "ForeignOrigin", why
        elif headers.get(b"sec-fetch-site") in (b"cross-site", b"same-site") and not _navigation(headers):
            return 403, "ForeignOrigin", "the request comes from another site"
        scope[_HELD] = why
        if self._running >= self._at_once + (_KEPT_FREE if scope.get(SERVED) else 0):
            return 503, "Busy", f"{self._running} requests are being worked on; try again in a second"
        return None


def _navigation(headers: Mapping[bytes, bytes]) -> bool:
    """A link that a person follows to a page here, as opposed to a picture or a script of another site."""
    return headers.get(b"sec-fetch-mode") == b"navigate" and headers.get(b"sec-fetch-dest") == b"document"


class _Exchange:
    """One request with its response: adds the headers, remembers the status, writes the line."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send = scope, send
        self.headers = dict(scope["headers"])
        self.status, self.fault = 0, ""
        self._id = f"{_PREFIX}{next(_NUMBERS):06x}"
        self._began = time.perf_counter()
        scope.setdefault("state", {})["request_id"] = self._id

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = list(message.get("headers", ()))
            names = {name.lower() for name, _ in given}
            given += [(name, value) for name, value in _RAW_HEADERS if name not in names]
            given.append((b"x-request-id", self._id.encode()))
            message = {**message, "headers": given}
        await self._send(message)

    async def refuse(self, status: int, code: str, detail: str) -> None:
        body = problem_body(status, code, detail)
        headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
        if status == 503:
            headers.append((b"retry-after", b"1"))
        if self._scope["method"] not in _SAFE:  # its body was not read
            headers.append((b"connection", b"close"))
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    def log(self) -> None:
        route: Any = self._scope.get("route")
        line(
            "request",
            id=self._id,
            method=self._scope["method"],
            route=getattr(route, "path", None),
            status=self.status,
            ms=round((time.perf_counter() - self._began) * 1000, 1),
            **({"fault": self.fault} if self.fault else {}),
        )


def _place(error: BaseException) -> str:
    """The innermost line of ours in a traceback; the text of the error may hold data and stays out of the log."""
    found, step = "unknown", error.__traceback__
    while step is not None:
        name = step.tb_frame.f_globals.get("__name__", "")
        if name.startswith("querist."):
            found = f"{name}:{step.tb_lineno}"
        step = step.tb_next
    return found


def origin_fault(scope: Scope) -> str:
    """What `comes_from_us` said about this request; for routes that listen rather than change."""
    return str(scope.get(_HELD, "the request did not pass the shield"))
