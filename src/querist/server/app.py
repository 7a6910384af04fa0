"""The app: routes, errors, and the shield around them. A route that does not declare who may call it is refused here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from querist import __version__
from querist.server import problems
from querist.server.policy import GuardedRoute, policy_of
from querist.server.routes import events, items, kit, labelling, login, pages, project, transfer
from querist.server.security import Shield
from querist.server.service import Service

__all__ = ["build", "shielded"]

ROUTERS = (login, labelling, items, project, transfer, events, pages)


def build(service: Service) -> FastAPI:
    """The app without its shield; `shielded` puts it on.

    Raises:
        LookupError: a route declares no policy.
    """

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        await service.start()
        try:
            yield
        finally:
            await service.stop()

    app = FastAPI(
        title="querist",
        version=__version__,
        summary="The labelling page's interface.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=life,
        redirect_slashes=False,
    )
    app.state.service = service
    problems.install(app)
    for module in ROUTERS:
        app.router.routes.extend(module.router.routes)
    for route in app.routes:
        if not isinstance(route, GuardedRoute):
            raise LookupError(f"the route {getattr(route, 'path', route)} is not guarded")
        policy_of(route.endpoint)
    return app


def shielded(service: Service, hosts: Collection[bytes]) -> Shield:
    """The whole app, for a server that is reached by ``hosts``."""
    return Shield(RawItemPaths(build(service)), hosts)


class RawItemPaths:
    """Routes paths of items as they were sent, so that an id that holds a slash (%2F) stays one part of the path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        if scope["type"] == "http" and scope.get("raw_path", b"").startswith(kit.ITEMS.encode()):
            scope["path"] = scope["raw_path"].decode("latin-1")
        await self._app(scope, receive, send)


def routes_of(app: FastAPI) -> list[APIRoute]:
    """All routes, for tests and documentation."""
    return [route for route in app.routes if isinstance(route, APIRoute)]
