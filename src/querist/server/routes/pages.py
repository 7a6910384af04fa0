"""The pages: the panel, drawn here; a shell without data for each application; the one built script and style sheet."""

from __future__ import annotations

import hashlib
import mimetypes
from functools import lru_cache
from pathlib import Path

from fastapi import Request, Response

from querist.server.files import below
from querist.server.panel_page import panel_page
from querist.server.policy import GuardedRoute, public, session
from querist.server.problems import Problem
from querist.server.routes.kit import Router, service_of
from querist.server.service import Service
from querist.server.templates import filled

router = Router(route_class=GuardedRoute, include_in_schema=False)

STATIC = Path(__file__).resolve().parent.parent / "static"
_KINDS = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


@lru_cache(64)
def _asset(name: str) -> tuple[bytes, str, str] | None:
    """Bytes, media type and tag of a built file; None when there is none."""
    path = below(STATIC, name)
    if path is None:
        return None
    content = path.read_bytes()
    kind = _KINDS.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return content, kind, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _page(name: str) -> Response:
    return _html(filled("page.html", name=name))


def _html(text: str) -> Response:
    return Response(text, media_type="text/html; charset=utf-8")


@router.get("/")
@session(page=True)
async def label(request: Request) -> Response:
    """Where items are labelled."""
    return _page("label")


@router.get("/panel")
@session(page=True)
async def panel(request: Request) -> Response:
    """Figures and advice, as they stand now."""
    service = service_of(request)
    return _html(await service.read(_panel, service))


def _panel(service: Service) -> str:
    """The page of the panel; it reads, so it runs in a thread."""
    overview, project = service.overview, service.project
    page = panel_page(overview.panel(), overview.task(project.changes).kind)
    return filled("panel.html", name="panel", project=project.name or "querist", page=page)


@router.get("/items")
@session(page=True)
async def items(request: Request) -> Response:
    """All items."""
    return _page("items")


@router.get("/settings")
@session(page=True)
async def settings(request: Request) -> Response:
    """Settings and classes."""
    return _page("settings")


@router.get("/open")
@public(page=True)
async def open_link(request: Request) -> Response:
    """Redeems the token in the fragment of a link, or says where to get one."""
    return _page("open")


@router.get("/static/{name:path}")
@public()
async def static(request: Request, name: str) -> Response:
    """The built script, style sheet and icons; they hold no data."""
    found = _asset(name)
    if found is None:
        raise Problem(404, "NotFound", "there is nothing here")
    content, kind, tag = found
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=kind, headers=headers)


@router.get("/favicon.ico")
@public()
async def favicon(request: Request) -> Response:
    """Browsers ask for it by themselves."""
    return Response(status_code=204)
