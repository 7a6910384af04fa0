"""Who may call a route, and what it takes: declared on the route, denied where nothing is declared.

``@public`` is for what anybody on this machine may see (the page that redeems a link, the built scripts, health).
``@session`` needs a logged-in browser or client. The rules also bound the body: its kind, its size, the seconds in
which it must arrive. They are checked on the route that matched, never on the text of the path.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_type_hints
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse
from starlette.types import Receive, Scope, Send

from querist.data.strict_json import BadJson, loads
from querist.server.problems import Problem
from querist.server.security import origin_fault

__all__ = ["BODY", "DirectRoute", "GuardedRoute", "Policy", "cookie_name", "policy_of", "public", "session"]

BODY = 1 << 20
"""Bytes of a JSON body."""
_SECONDS = 10.0
"""Seconds in which a JSON body must have arrived."""
_DRAINED = 64 << 20
_DRAIN_SECONDS = 5.0
_PAUSE = 10.0
"""Seconds without a byte of an upload."""
_MARK = "__querist_policy__"

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one route.

    Args:
        who: "public" or "session".
        body: "json", "upload" (multipart, read by the route) or None.
        most: bytes of a body.
        ours: a GET that only our own page may make, as for the event stream.
        page: a page for people: who is not logged in is sent to the page that says how.
    """

    who: Literal["public", "session"]
    body: Literal["json", "upload"] | None = None
    most: int = BODY
    ours: bool = False
    page: bool = False


def public(
    *, body: Literal["json"] | None = None, most: int = 1 << 12, page: bool = False
) -> Callable[[Endpoint], Endpoint]:
    """Anybody on this machine may call the route."""
    return _declare(Policy("public", body, most, page=page))


def session(
    *, body: Literal["json", "upload"] | None = None, most: int = BODY, ours: bool = False, page: bool = False
) -> Callable[[Endpoint], Endpoint]:
    """The route needs a session."""
    return _declare(Policy("session", body, most, ours, page))


def _declare(policy: Policy) -> Callable[[Endpoint], Endpoint]:
    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _MARK, policy)
        return endpoint

    return mark


def policy_of(endpoint: Callable[..., Any]) -> Policy:
    """The declared rules.

    Raises:
        LookupError: none are declared.
    """
    policy = getattr(endpoint, _MARK, None)
    if not isinstance(policy, Policy):
        raise LookupError(f"the route {getattr(endpoint, '__name__', endpoint)} declares no policy: use @session()")
    return policy


def cookie_name(port: int | None) -> str:
    """Cookies are shared by all ports of a host, so the name carries the port: two projects do not log each other out."""
    return f"querist-{port or 0}"


class _StrictRequest(Request):
    async def json(self) -> Any:
        """The body by the rules of `querist.data.strict_json`."""
        return _loads(await self.body())


def _loads(raw: bytes) -> Any:
    try:
        return loads(raw)
    except BadJson as error:
        raise Problem(400, "BadJson", str(error), pointer=error.pointer) from None


class GuardedRoute(APIRoute):
    """A route that checks its policy before anything of the request is read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the guard."""
        inner = super().get_route_handler()
        policy = policy_of(self.endpoint)

        async def guarded(request: Request) -> Response:
            refused = _who(request, policy)
            if refused is not None:
                return refused
            held = _StrictRequest(request.scope, request.receive)
            if policy.body == "upload":
                await _check_length(request, policy.most)
                held = _StrictRequest(request.scope, _bounded(request, policy))
            elif policy.body == "json":
                held._body = await _json(request, policy)
            return await inner(held)

        return guarded


class DirectRoute(GuardedRoute):
    """A guarded route for the posts that come at each keystroke: its endpoint takes the request and one ``body``.

    FastAPI's solving of dependencies and its two stacks of contexts, a fifth of what a post costs, are left out. The body
    is held to the same rules, errors have the same shape, and the route is described in OpenAPI like any other.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        super().__init__(path, endpoint, **more)
        self._policy = policy_of(endpoint)
        self._model: type[BaseModel] = get_type_hints(endpoint)["body"]
        self.app = self._direct

    async def _direct(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = _who(request, self._policy)
        if response is None:
            response = await self.endpoint(request, self._checked(await _json(request, self._policy)))
        await response(scope, receive, send)

    def _checked(self, raw: bytes) -> BaseModel:
        if not raw:
            raise RequestValidationError(
                [{"type": "missing", "loc": ("body",), "msg": "Field required", "input": None}]
            )
        try:
            return self._model.model_validate(_loads(raw))
        except ValidationError as error:
            raise RequestValidationError([{**e, "loc": ("body", *e["loc"])} for e in error.errors()]) from None


def _who(request: Request, policy: Policy) -> Response | None:
    if policy.ours:
        why = origin_fault(request.scope)
        if why:
            raise Problem(403, "ForeignOrigin", why)
    server = request.scope.get("server") or (None, None)
    token = request.cookies.get(cookie_name(server[1]))
    user = request.app.state.service.sessions.user(token) if token else None
    request.state.user, request.state.token = user, token
    if policy.who == "session" and user is None:
        if policy.page:
            return RedirectResponse("/open?next=" + quote(request.scope["path"], safe="/"), 303)
        raise Problem(401, "NoSession", "no session, or it has ended; open the link that the server printed")
    return None


async def _json(request: Request, policy: Policy) -> bytes:
    """The body, of which is known that it is called JSON and came within its size and its seconds."""
    if request.headers.get("content-length", "") != "0" or "content-type" in request.headers:
        _check_kind(request)
    return await _read(request, policy.most)


def _check_kind(request: Request) -> None:
    got = request.headers.get("content-type", "")
    kind, _, more = got.partition(";")
    charset = more.strip().lower().replace('"', "")
    if kind.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        raise Problem(
            415,
            "BadContentType",
            f"the body is {repr(got[:60]) if got else 'of no named kind'}, and application/json is wanted",
        )
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Problem(415, "BadContentType", "a packed body (Content-Encoding) is not taken; send it plain")


async def _check_length(request: Request, most: int) -> None:
    """Refuse by the declared length; some of the body is thrown away first, so that the client hears the answer."""
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) <= most:
        return
    size = 0
    with contextlib.suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > _DRAINED:
                    break
    raise _too_large(most)


def _too_large(most: int) -> Problem:
    return Problem(
        413, "TooLarge", f"the body is larger than the limit of {most:,} bytes", headers={"Connection": "close"}
    )


async def _read(request: Request, most: int) -> bytes:
    """The whole body within its size and its seconds."""
    await _check_length(request, most)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise _too_large(most)
                parts.append(part)
    except TimeoutError:
        raise _slow(_SECONDS) from None
    except ClientDisconnect:
        raise Problem(400, "CutShort", "the connection ended before the body did") from None
    return b"".join(parts)


def _slow(seconds: float) -> Problem:
    return Problem(
        408,
        "SlowBody",
        f"the body did not arrive within the limit of {seconds:g} s; send it again",
        headers={"Connection": "close"},
    )


def _bounded(request: Request, policy: Policy) -> Callable[[], Coroutine[Any, Any, Any]]:
    """``receive`` that counts bytes and does not wait for ever."""
    size = 0

    async def receive() -> Any:
        nonlocal size
        try:
            async with asyncio.timeout(_PAUSE):
                message = await request.receive()
        except TimeoutError:
            raise _slow(_PAUSE) from None
        size += len(message.get("body", b""))
        if size > policy.most:
            raise _too_large(policy.most)
        return message

    return receive
