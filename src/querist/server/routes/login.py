"""Logging in by a one-time link, out again, and a fresh link for another browser or program."""

from __future__ import annotations

from fastapi import Request, Response

from querist.server.auth import ABSOLUTE, LINK
from querist.server.policy import GuardedRoute, cookie_name, public, session
from querist.server.problems import Problem
from querist.server.routes.kit import ERRORS, Router, service_of
from querist.server.shapes import Link, User
from querist.server.wire import Login, Nothing

router = Router(prefix="/api/v1", route_class=GuardedRoute, tags=["session"], responses=ERRORS)


@router.post("/session")
@public(body="json")
async def log_in(request: Request, body: Login, response: Response) -> User:
    """Redeem the token of a one-time link; the cookie of the session comes with the answer."""
    service = service_of(request)
    user = service.links.redeem(body.token)
    if user is None:
        raise Problem(
            401,
            "BadToken",
            "the link was used, is older than ten minutes, or is none; start the server again for a new one",
        )
    service.sessions.end(request.state.token)  # the id changes at every log-in
    response.set_cookie(
        cookie_name((request.scope.get("server") or (None, None))[1]),
        service.sessions.start(user),
        max_age=int(ABSOLUTE),
        path="/",
        httponly=True,
        samesite="strict",
        secure=False,  # plain http on the loopback; see docs/security.md
    )
    return User(user=user)


@router.get("/session")
@session()
async def who(request: Request) -> User:
    """Who is logged in."""
    return User(user=request.state.user)


@router.delete("/session", status_code=204)
@session()
async def log_out(request: Request) -> Response:
    """End the session, at once."""
    service_of(request).sessions.end(request.state.token)
    out = Response(status_code=204)
    out.delete_cookie(
        cookie_name((request.scope.get("server") or (None, None))[1]), path="/", httponly=True, samesite="strict"
    )
    return out


@router.post("/session/link")
@session(body="json")
async def link(request: Request, body: Nothing) -> Link:
    """A one-time link for another browser or a program of the same person."""
    service = service_of(request)
    return Link(link=service.link(request.state.user), seconds=LINK)
