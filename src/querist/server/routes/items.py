"""Looking at items: the list, one with its history, its picture."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response
from fastapi.responses import FileResponse

from querist.server.policy import GuardedRoute, session
from querist.server.problems import Problem
from querist.server.routes.kit import ERRORS, ItemId, Router, service_of
from querist.server.shapes import Listed, OneItem
from querist.server.wire import ItemsQuery

router = Router(prefix="/api/v1", route_class=GuardedRoute, tags=["items"], responses=ERRORS)

_PICTURE = "default-src 'none'; sandbox"


@router.get("/items")
@session()
async def items(request: Request, query: Annotated[ItemsQuery, Query()]) -> Listed:
    """A page of items: filtered by state, label, flag and text; in order of rows, or of the model's doubt."""
    return Listed.model_validate(await service_of(request).listed(query))


@router.get("/items/{id}")
@session()
async def item(request: Request, id: ItemId) -> OneItem:
    """One item with all that was done to it."""
    return OneItem.model_validate(await service_of(request).one(id))


@router.get("/items/{id}/alike")
@session()
async def alike(request: Request, id: ItemId, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Listed:
    """The items most like this one, by the features in use, best first. 409 NoFeatures: they are not made yet."""
    return Listed.model_validate(await service_of(request).alike(id, limit))


@router.get(
    "/items/{id}/image",
    response_class=Response,
    responses={200: {"content": {"image/png": {}, "image/jpeg": {}}}, 304: {"description": "not changed"}},
)
@session()
async def image(request: Request, id: ItemId) -> Response:
    """The picture of an item, decoded and written anew by the server."""
    service = service_of(request)
    file = await service.file_of(id)
    shown = None if file is None or service.media is None else await service.media.show(file)
    if shown is None:
        raise Problem(404, "NoPicture", "the item has no picture")
    if shown.path is None:
        raise Problem(404, "BadImage", f"the picture cannot be shown: {shown.why}")
    headers = {
        "ETag": f'"{shown.digest[:32]}"',
        "Cache-Control": "private, max-age=0, must-revalidate",
        "Content-Security-Policy": _PICTURE,
        "Content-Disposition": "inline",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return FileResponse(shown.path, media_type=shown.kind, headers=headers)
