"""Errors as ``application/problem+json``: one shape for what the routes refuse, the frame refuses, and our own faults.

Nothing of an item, a token or a path goes out that the client did not send; values are shortened.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from querist.core.errors import ArgumentError, DataError, QueristError, ResourceError, StateError, shorten
from querist.data.atomic import no_space

__all__ = ["NO_ITEM", "Problem", "install", "problem_body", "problem_of", "reply"]

log = logging.getLogger("querist.server")
MEDIA_TYPE = "application/problem+json"
_STATUS_OF_CODE = {
    "NothingToUndo": 409,
    "NotLeased": 409,
    "Conflict": 409,
    "Locked": 409,
    "KeyReused": 422,
    "UnknownItem": 404,
    "UnknownQuery": 404,
    "DiskFull": 507,
    "MissingExtra": 422,
    "BadCursor": 400,
    "BadFilter": 400,
    "AddressNotAllowed": 400,
}
"""Codes whose status does not follow from their class."""
_STATUS_OF_CLASS: tuple[tuple[type[QueristError], int], ...] = (
    (StateError, 409),
    (ResourceError, 503),
    (DataError, 422),
    (ArgumentError, 422),
)
_CODE_OF_STATUS = {
    400: "BadRequest",
    401: "NoSession",
    403: "Forbidden",
    404: "NotFound",
    405: "BadMethod",
    406: "NotAcceptable",
    413: "TooLarge",
    415: "BadContentType",
}
NO_ITEM = "there is no such item"
"""The same for an item that is not there and for one of another project."""
_NO_SPACE = (
    "there is no space left on the disk, or a quota or file size limit is reached; nothing of this was taken, all answers "
    "before are kept. Make space and try again"
)
_CODE_OF_FAULT = {"extra_forbidden": "UnknownField", "missing": "MissingField"}


class Problem(HTTPException):
    """An error that goes out as it is.

    Args:
        status: HTTP status.
        code: stable name.
        detail: one sentence: what was wrong, the value, the next step.
        pointer: JSON pointer into the body, or None.
        headers: more headers.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        pointer: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.code, self.pointer = code, pointer


def problem_body(status: int, code: str, detail: str, pointer: str | None = None) -> bytes:
    """The JSON text of an error."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "pointer": pointer,
    }
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def reply(problem: Problem) -> Response:
    """The response of an error."""
    body = problem_body(problem.status_code, problem.code, problem.detail, problem.pointer)
    return Response(body, problem.status_code, dict(problem.headers or {}), MEDIA_TYPE)


def problem_of(error: QueristError, pointer: str | None = None) -> Problem:
    """What a named error of the library is over HTTP.

    Args:
        error: what was raised.
        pointer: JSON pointer to the field that is wrong, where the route knows it.
    """
    if error.code == "UnknownItem":
        return Problem(404, error.code, NO_ITEM)  # whatever else the library says of a project's ids
    status = _STATUS_OF_CODE.get(error.code)
    if status is None:
        status = next((s for kind, s in _STATUS_OF_CLASS if isinstance(error, kind)), 422)
    headers = {"Retry-After": "5"} if status in (503, 507) else None
    return Problem(status, error.code, str(error), pointer=pointer, headers=headers)


def _of_validation(errors: Sequence[Any]) -> Problem:
    """The first fault of a body is 422, of a query string 400; it names the field."""
    first = errors[0]
    where, path = str(first["loc"][0]), [str(part) for part in first["loc"][1:]]
    code = _CODE_OF_FAULT.get(first["type"], "BadValue")
    field = path[-1] if path else "the body"
    if code == "UnknownField":
        detail = f"the field {shorten(field)!r} is not known here; leave it out"
    elif code == "MissingField":
        detail = f"the field {shorten(field)!r} is missing" if path else "a JSON body is needed"
    else:
        value = first.get("input")
        shown = f", got {shorten(value)}" if isinstance(value, (int, float, bool)) or value is None else ""
        detail = f"{'/'.join(path) or 'the body'}: {first['msg']}{shown}"
    more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
    pointer = "".join("/" + p.replace("~", "~0").replace("/", "~1") for p in path) if where == "body" else None
    return Problem(422 if where in ("body", "path") else 400, code, shorten(detail, 400) + more, pointer=pointer)


def _allowed(request: Request) -> str:
    """Names of the query parameters of a route, for the message about an unknown one."""
    route = request.scope.get("route")
    names: list[str] = []
    for parameter in getattr(getattr(route, "dependant", None), "query_params", ()):
        fields = getattr(parameter.field_info.annotation, "model_fields", None)
        names += list(fields) if fields else [parameter.alias]
    return ", ".join(names)


def install(app: FastAPI) -> None:
    """Have every error of ``app`` in this shape."""

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        if isinstance(error, Problem):
            return reply(error)
        code = _CODE_OF_STATUS.get(error.status_code, HTTPStatus(error.status_code).phrase.title().replace(" ", ""))
        detail = str(error.detail) if error.status_code != 404 else "there is nothing here"
        return reply(Problem(error.status_code, code, detail, headers=error.headers))

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        problem = _of_validation(error.errors())
        if problem.status_code == 400:
            problem.detail += f"; allowed here: {_allowed(request) or 'nothing'}"
        return reply(problem)

    @app.exception_handler(QueristError)
    async def _named(request: Request, error: QueristError) -> Response:
        return reply(problem_of(error))

    @app.exception_handler(OSError)
    async def _disk(request: Request, error: OSError) -> Response:
        if not no_space(error):
            raise error
        return reply(problem_of(ResourceError(_NO_SPACE, code="DiskFull")))

    @app.exception_handler(Exception)
    async def _ours(request: Request, error: Exception) -> Response:
        return reply(Problem(500, "Fault", "this is a fault of querist; the log of the server names the place"))
