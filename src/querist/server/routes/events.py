"""The stream of server-sent events, and whether the server is alive."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from querist.server.policy import GuardedRoute, public, session
from querist.server.problems import Problem
from querist.server.routes.kit import ERRORS, Router, service_of

router = Router(route_class=GuardedRoute, tags=["events"], responses=ERRORS)


@router.get("/api/v1/events", response_class=Response, responses={200: {"content": {"text/event-stream": {}}}})
@session(ours=True)
async def events(request: Request) -> StreamingResponse:
    """What changes, as it happens (``text/event-stream``): queue, model, project, trainer, panel."""
    service = service_of(request)
    listener = service.hub.open()
    if listener is None:
        raise Problem(503, "Busy", "too many pages listen already; close some", headers={"Retry-After": "5"})
    token = request.state.token

    async def lines() -> AsyncIterator[bytes]:
        try:
            async for line in listener.lines():
                if service.sessions.user(token, seen=False) is None:  # logged out in the meantime
                    return
                yield line
        finally:
            service.hub.leave(listener)

    return StreamingResponse(lines(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@router.get("/health")
@public()
async def health() -> JSONResponse:
    """That the server is up, and nothing else."""
    return JSONResponse({"status": "up"})
