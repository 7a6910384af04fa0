"""Labels out and items in, as files."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import File, Request, Response, UploadFile
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from querist.server.policy import GuardedRoute, session
from querist.server.problems import Problem
from querist.server.routes.kit import ERRORS, Router, service_of
from querist.server.shapes import Imported
from querist.server.wire import ExportIn

router = Router(prefix="/api/v1", route_class=GuardedRoute, tags=["files"], responses=ERRORS)

UPLOAD = 50 << 20
"""Bytes of a file that is sent to be imported."""


@router.post(
    "/export",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "a file"}},
)
@session(body="json")
async def export(request: Request, body: ExportIn) -> FileResponse:
    """The labels as a file (an attachment) in one of the formats."""
    service = service_of(request)
    handle, name = tempfile.mkstemp(prefix="export-", dir=service.scratch)
    os.close(handle)
    path = Path(name)
    try:
        written = await service.export(request.state.user, body.format, path, everything=body.all)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return FileResponse(
        path,
        media_type="application/octet-stream",
        filename=written,
        headers={"Content-Security-Policy": "default-src 'none'; sandbox"},
        background=BackgroundTask(path.unlink, missing_ok=True),
    )


@router.post("/import")
@session(body="upload", most=UPLOAD + (64 << 10))
async def import_file(request: Request, file: Annotated[UploadFile, File()]) -> Imported:
    """More items, from a file of a known format; all of them or none."""
    service = service_of(request)
    name = Path((file.filename or "").replace("\\", "/")).name
    packed = ".gz" if name.lower().endswith(".gz") else ""
    suffix = Path(name[: len(name) - len(packed)]).suffix.lower() + packed
    if not suffix.isascii() or len(suffix) > 12 or not suffix.replace(".", "").isalnum():
        raise Problem(422, "BadFileName", "the file needs a name with a known ending, such as .csv or .jsonl")
    handle, draft = tempfile.mkstemp(prefix="import-", suffix=suffix, dir=service.scratch)
    path = Path(draft)
    try:
        with os.fdopen(handle, "wb") as out:
            while part := await file.read(1 << 20):
                out.write(part)
        return Imported.model_validate(await service.import_file(request.state.user, path, name))
    finally:
        path.unlink(missing_ok=True)
