"""What every file of routes needs: the router, the service of the app, and ids of items in paths."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import unquote_to_bytes

from fastapi import APIRouter, Depends, Request
from fastapi import Path as InPath

from querist.server.problems import NO_ITEM, Problem
from querist.server.service import Service
from querist.server.shapes import ProblemOut

__all__ = ["ERRORS", "ItemId", "Router", "item_path", "service_of"]

ITEMS = "/api/v1/items/"
_PROBLEM: dict[str, Any] = {"content": {"application/problem+json": {"schema": ProblemOut.model_json_schema()}}}
ERRORS: dict[int | str, dict[str, Any]] = {
    "4XX": {**_PROBLEM, "description": "refused, with the reason"},
    422: {**_PROBLEM, "description": "a value of the body is refused"},
    "5XX": {**_PROBLEM, "description": "busy, out of space, or a fault of the server"},
}
"""What every route may answer; declared so that the description of the interface is true."""

Router = APIRouter


def service_of(request: Request) -> Service:
    """What the app serves."""
    service: Service = request.app.state.service
    return service


def item_path(id: Annotated[str, InPath(description="id of an item, percent-encoded, also its slashes")]) -> str:
    """The id that a path names; the app routes these paths undecoded, so that an id may hold a slash.

    Raises:
        Problem: it is no UTF-8 (404, as for any item that is not there).
    """
    try:
        return unquote_to_bytes(id).decode("utf-8")
    except UnicodeDecodeError:
        raise Problem(404, "UnknownItem", NO_ITEM) from None


ItemId = Annotated[str, Depends(item_path)]
