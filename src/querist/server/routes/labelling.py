"""What a person does: take items, answer, undo, give back, keep longer, flag."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from querist.core.errors import QueristError
from querist.server.policy import DirectRoute, GuardedRoute, session
from querist.server.problems import problem_of
from querist.server.routes.kit import ERRORS, ItemId, Router, service_of
from querist.server.shapes import Answered, Handed, HandedOut, Renewed, Returned, Undone
from querist.server.wire import AnswerIn, FlagIn, Next, Queries, Take, Undo

router = Router(prefix="/api/v1", route_class=GuardedRoute, tags=["labelling"], responses=ERRORS)
direct = Router(prefix="/api/v1", route_class=DirectRoute, tags=["labelling"], responses=ERRORS)

_FIELDS = {
    "BadKind": "/kind",
    "BadLabel": "/value",
    "BadSpan": "/value",
    "UnknownLabel": "/value",
    "MixedLabelTypes": "/value",
    "BadRationale": "/rationale",
    "KeyReused": "/key",
    "NotLeased": "/query",
    "StaleLease": "/fence",
}
"""Which field of an answer an error is about."""


@direct.post("/next", response_model=HandedOut)
@session(body="json")
async def next_items(request: Request, body: Next) -> Response:
    """Items to answer, handed out until they are answered, given back, or their time is over."""
    said = HandedOut.model_validate(await service_of(request).next(request.state.user, body))
    return Response(said.model_dump_json(by_alias=True), media_type="application/json")  # checked once, not twice


@direct.post("/answers", responses={200: {"model": Answered}, 202: {"model": Answered}})
@session(body="json")
async def answer(request: Request, body: AnswerIn) -> Response:
    """Answer a hand-out; the reply is sent when the answer is on the disk. 202: kept and not counted, with the reason."""
    try:
        status, said = await service_of(request).answer(request.state.user, body)
    except QueristError as error:
        raise problem_of(error, _FIELDS.get(error.code)) from error
    return JSONResponse(said, status)


@router.post("/undo", responses={200: {"model": Undone}})
@session(body="json")
async def undo(request: Request, body: Undo) -> Response:
    """Take an answer of this person back, the one named or the last; its item is handed out again, with what was said."""
    status, said = await service_of(request).undo(request.state.user, body)
    return JSONResponse(said, status)


@router.post("/return")
@session(body="json")
async def give_back(request: Request, body: Queries) -> Returned:
    """Give hand-outs back unanswered; the reply counts those that were open."""
    return Returned.model_validate(await service_of(request).give_back(request.state.user, body.queries))


@router.post("/renew")
@session(body="json")
async def renew(request: Request, body: Queries) -> Renewed:
    """Keep hand-outs longer; those that are gone stay gone."""
    return Renewed.model_validate(await service_of(request).renew(request.state.user, body.queries))


@router.post("/items/{id}/take")
@session(body="json")
async def take(request: Request, id: ItemId, body: Take | None = None) -> Handed:
    """Have this item handed out now: to label it next, or to change its answer."""
    return Handed.model_validate(await service_of(request).take(request.state.user, id, body.tab if body else ""))


@router.post("/items/{id}/flag", status_code=204)
@session(body="json")
async def flag(request: Request, id: ItemId, body: FlagIn) -> Response:
    """Mark an item for a second look, or take the mark away."""
    await service_of(request).flag(request.state.user, id, body.flag, body.note)
    return Response(status_code=204)


router.routes.extend(direct.routes)
