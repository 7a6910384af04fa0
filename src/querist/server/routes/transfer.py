"""Labels out and items in, as files."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import File, Form, Request, Response, UploadFile
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from querist.server.policy import GuardedRoute, session
from querist.server.problems import Problem
from querist.server.routes.kit import ERRORS, Router, service_of
from querist.server.service import Service
from querist.server.shapes import Checked, Imported
from querist.server.wire import ExportIn

router = Router(prefix="/api/v1", route_class=GuardedRoute, tags=["files"], responses=ERRORS)

UPLOAD = 50 << 20
"""Bytes of a file that is sent to be imported."""
_MOST_LOST = 20
_SAFE = " ,:;[]{}()'=."
"""Signs that stay as they are in a header."""


@router.post(
    "/export",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "a file"}},
)
@session(body="json")
async def export(request: Request, body: ExportIn) -> FileResponse:
    """The labels as a file (an attachment) in one of the formats; the header Querist-Lost lists, as percent-encoded JSON,
    what the format has no place for.
    """
    service = service_of(request)
    handle, name = tempfile.mkstemp(prefix="export-", dir=service.scratch)
    os.close(handle)
    path = Path(name)
    try:
        written, lost = await service.export(request.state.user, body.format, path, everything=body.all)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return FileResponse(
        path,
        media_type="application/octet-stream",
        filename=written,
        headers={
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Querist-Lost": quote(json.dumps(lost[:_MOST_LOST], ensure_ascii=False), safe=_SAFE),
        },
        background=BackgroundTask(path.unlink, missing_ok=True),
    )


@router.post("/import")
@session(body="upload", most=UPLOAD + (64 << 10))
async def import_file(
    request: Request,
    file: Annotated[UploadFile, File()],
    skip_bad: Annotated[bool, Form(description="leave out rows that are not understood, and list them")] = False,
    new_classes: Annotated[bool, Form(description="add classes that the project does not have")] = False,
) -> Imported:
    """More items, from a file of a known format; all of them or none, unless bad rows are to be left out."""
    service = service_of(request)
    async with _received(service, file) as (path, name):
        took = await service.import_file(path, name, skip_bad=skip_bad, new_classes=new_classes)
    return Imported.model_validate(took)


@router.post("/import/check")
@session(body="upload", most=UPLOAD + (64 << 10))
async def check_file(
    request: Request,
    file: Annotated[UploadFile, File()],
    new_classes: Annotated[bool, Form(description="classes that the project does not have are no fault")] = False,
) -> Checked:
    """What an import of this file would bring, and row by row what is not understood; nothing is taken."""
    service = service_of(request)
    async with _received(service, file) as (path, name):
        return Checked.model_validate(await service.check_file(path, name, new_classes=new_classes))


@asynccontextmanager
async def _received(service: Service, file: UploadFile) -> AsyncIterator[tuple[Path, str]]:
    """The upload as a file of its own, and what its sender calls it; removed at the end."""
    name = Path((file.filename or "").replace("\\", "/")).name
    packed = ".gz" if name.lower().endswith(".gz") else ""
    suffix = Path(name[: len(name) - len(packed)]).suffix.lower() + packed
    if not suffix.isascii() or len(suffix) > 12 or not suffix.replace(".", "").isalnum():
        raise Problem(422, "BadFileName", "the file needs a name with a known ending, such as .csv or .jsonl")
    # faults name the file as its sender does, and .csv.gz keeps both endings
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name[-80:])
    folder = Path(tempfile.mkdtemp(prefix="import-", dir=service.scratch))
    path = folder / (f"_{plain}" if plain.startswith(".") else plain)
    try:
        with path.open("xb") as out:
            while part := await file.read(1 << 20):
                await service.read(out.write, part)
        yield path, name
    finally:
        shutil.rmtree(folder, ignore_errors=True)
