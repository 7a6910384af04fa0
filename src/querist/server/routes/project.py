"""The project as a whole: what it is, its settings, classes, seeds, trainer and figures."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from querist.server.policy import GuardedRoute, session
from querist.server.routes.kit import ERRORS, Router, service_of
from querist.server.shapes import Project, Seeded, Strategy, Trainer
from querist.server.wire import Classes, Seed, SettingsIn, TrainerIn

router = Router(prefix="/api/v1", route_class=GuardedRoute, tags=["project"], responses=ERRORS)


@router.get("/project")
@session()
async def project(request: Request) -> Project:
    """Task, classes, settings and counts: what a page needs to begin."""
    return Project.model_validate(await service_of(request).project_now())


@router.patch("/settings")
@session(body="json")
async def settings(request: Request, body: SettingsIn) -> Project:
    """Change settings; those left out stay. The project as it is then comes back."""
    service = service_of(request)
    await service.configure(request.state.user, body.model_dump(exclude_unset=True))
    return Project.model_validate(await service.project_now())


@router.post("/classes")
@session(body="json")
async def classes(request: Request, body: Classes) -> Project:
    """Add, rename or merge a class; answers follow, the journal keeps what was said."""
    service = service_of(request)
    await service.classes(request.state.user, body.model_dump(exclude_none=True, exclude={"key"}), body.key)
    return Project.model_validate(await service.project_now())


@router.post("/seeds")
@session(body="json")
async def seeds(request: Request, body: Seed) -> Seeded:
    """Put items at the head of the queue: that hold these words, are like this item, or like what the class is."""
    return Seeded(items=await service_of(request).seeds(request.state.user, body.class_, body.text, body.item))


@router.post("/trainer")
@session(body="json")
async def trainer(request: Request, body: TrainerIn) -> Trainer:
    """Fit again now, pause fitting, or go on."""
    return Trainer.model_validate(await service_of(request).steer(body.do))


@router.get("/strategies")
@session()
async def strategies(request: Request) -> list[Strategy]:
    """The strategies that can be set, each with a sentence."""
    return [Strategy.model_validate(one) for one in await service_of(request).strategies()]


@router.get("/panel")
@session()
async def panel(request: Request) -> dict[str, Any]:
    """Labels by class, learning curve with interval, labels saved, agreement, cost, and advice whether to stop."""
    return await service_of(request).panel()


@router.get("/openapi.json", include_in_schema=False)
@session()
async def openapi(request: Request) -> dict[str, Any]:
    """This API, described."""
    described: dict[str, Any] = request.app.openapi()
    return described
