"""The trainer as the page sees it: asked for a round after answers, its standing told, its models taken over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from querist.core.errors import StateError
from querist.server.project import Project
from querist.server.stream import Hub
from querist.server.supervisor import Standing, Supervisor
from querist.server.trainer.candidate import Guesses, Wanted

__all__ = ["Coach"]

_QUEUE = 200


class Coach:
    """Keeps the supervisor of one project and tells the pages what it does.

    Args:
        project: open.
        hub: who listens.
        on: whether there is a trainer at all.
    """

    def __init__(self, project: Project, hub: Hub, *, on: bool = True) -> None:
        self._project, self._hub = project, hub
        self._supervisor: Supervisor | None = None
        self._last: dict[str, Any] = {}
        if on:
            items = project.items
            self._supervisor = Supervisor(
                project.folder, self._promote, changed=self._changed, known=lambda id: id in items
            )

    def start(self) -> None:
        """Start the trainer; returns at once."""
        if self._supervisor is not None:
            self._supervisor.start()

    def stop(self) -> None:
        """End the trainer."""
        if self._supervisor is not None:
            self._supervisor.stop()

    def told(self) -> None:
        """Something was answered: ask for a round; several requests that wait are one."""
        if self._supervisor is not None:
            self._supervisor.round(_QUEUE)

    def steer(self, do: str) -> None:
        """What a person wants: "retrain", "pause" or "resume".

        Raises:
            StateError: there is no trainer (code ``NoTrainer``).
        """
        if self._supervisor is None:
            raise StateError("this server was started without a trainer; start it again with one", code="NoTrainer")
        if do == "pause":
            self._supervisor.pause()
        elif do == "resume":
            self._supervisor.resume()
        else:
            self._supervisor.round(_QUEUE)

    def standing(self) -> dict[str, Any]:
        """State and reason."""
        return _state(self._now())

    def encoder(self, items: int) -> dict[str, Any]:
        """What makes features, and how far it is."""
        now = self._now()
        return {"name": now.encoder or "", "done": now.done, "of": now.of or items}

    def _now(self) -> Standing:
        return Standing("off") if self._supervisor is None else self._supervisor.standing

    def _changed(self, standing: Standing) -> None:
        told = {**_state(standing), "encoder": standing.encoder, "done": standing.done, "of": standing.of}
        if told != self._last:  # beats come several times a second
            self._last = told
            self._hub.send("trainer", told)

    def _promote(self, report: Mapping[str, Any], queue: Sequence[Wanted], guesses: Guesses) -> None:
        wanted = [{"item": w.item, "score": w.score, "reason": w.reason, "role": w.role} for w in queue]
        self._project.promote(report, wanted, guesses)
        self._hub.send("model", {"round": report.get("round"), "labels": report.get("labels")})
        self._hub.send("queue", {"why": "model"})
        self._hub.send("panel", {"round": report.get("round")})


def _state(standing: Standing) -> dict[str, Any]:
    return {"state": standing.state, "reason": standing.reason}
