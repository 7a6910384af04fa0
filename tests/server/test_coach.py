from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from live_project import ANIMALS, animal_texts
from querist.core.errors import StateError
from querist.data.record import Record
from querist.server.coach import Coach
from querist.server.project import Project
from querist.server.serve import Server
from querist.server.stream import Hub
from querist.server.supervisor import Standing
from querist.server.task import Task
from querist.server.trainer.candidate import Wanted
from querist.storage.sqlite_store import SqliteStore
from serving import make, until


class Heard(Hub):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, dict[str, Any]]] = []

    def send(self, event: str, data: dict[str, Any]) -> None:
        self.heard.append((event, data))


def test_without_a_trainer_it_is_off(tmp_path: Path) -> None:
    with Project.open(make(tmp_path / "p", 4)) as project:
        coach = Coach(project, Heard(), on=False)
        coach.start()
        coach.told()
        assert coach.standing() == {"state": "off", "reason": None}
        assert coach.encoder(4) == {"name": "", "done": 0, "of": 4}
        with pytest.raises(StateError, match="without a trainer"):
            coach.steer("pause")
        coach.stop()


def test_standings_are_told_once(tmp_path: Path) -> None:
    with Project.open(make(tmp_path / "p", 4)) as project:
        hub = Heard()
        coach = Coach(project, hub)
        for doing in ("fit", "score", "fit"):
            coach._changed(Standing("busy", None, doing, "hashed text", 4, 4))
        coach._changed(Standing("idle", None, "", "hashed text", 4, 4))
        assert [data["state"] for _, data in hub.heard] == ["busy", "idle"]
        coach.stop()


def test_a_model_that_is_taken_over_is_told_and_leads(tmp_path: Path) -> None:
    with Project.open(make(tmp_path / "p", 4, settings={"validation": 0.0, "control": 0.0})) as project:
        hub = Heard()
        coach = Coach(project, hub)
        report: dict[str, Any] = {
            "round": 0,
            "labels": 1,
            "cost": 1.0,
            "model": None,
            "metrics": {},
            "agreement": None,
            "surprise": None,
            "notes": [],
            "seconds": {},
            "encoder": "x",
            "upto": 1,
            "advice": None,
        }
        coach._promote(report, [Wanted("i2", 0.7, "most unsure")], {"i2": [("cat", 0.5), ("dog", 0.5)]})
        assert {event for event, _ in hub.heard} == {"model", "queue", "panel"}
        (handed,) = project.writer.do(lambda work: project.desk.take(work, "me", 1))
        assert (handed.item, handed.reason, handed.score) == ("i2", "most unsure", 0.7)
        coach.stop()


def test_requests_reach_the_supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Project.open(make(tmp_path / "p", 4)) as project:
        coach = Coach(project, Heard())
        said: list[str] = []
        for name in ("round", "pause", "resume"):
            monkeypatch.setattr(coach._supervisor, name, lambda *a, name=name: said.append(name))
        for do in ("retrain", "pause", "resume"):
            coach.steer(do)
        coach.told()
        assert said == ["round", "pause", "resume", "round"]


def test_features_are_made_before_any_answer_and_the_first_model_leads_at_once(tmp_path: Path) -> None:
    texts, kinds = animal_texts(80)
    records = [Record(id=f"i{k}", text=text) for k, text in enumerate(texts)]
    folder = make(tmp_path / "p", records, task=Task("single", ANIMALS), settings={"validation": 0.0, "control": 0.0})
    with Server(folder).start() as server, server.client() as client:
        held = client.next(6)  # as a page does that opens at once: one shown, the others preloaded
        until(lambda: client.project()["model"], 60.0)
        before = client.project()
        assert (before["labelled"], before["encoder"]["done"], before["encoder"]["of"]) == (0, 80, 80)
        assert before["model"]["labels"] == 0  # typical items, no model yet
        for handed in held[:3]:
            client.label(handed, kinds[int(handed["item"]["id"][1:])])
        until(lambda: client.project()["model"]["labels"] == 3, 60.0)
        later = client.next(5, have=[handed["query"] for handed in held])
        said = [client.item(handed["item"]["id"])["history"][0]["detail"] for handed in later]
        assert all("auto: " in why and "no model yet" not in why for why in said), said
    with SqliteStore(folder / "journal.db", read_only=True) as store:
        events = list(store.read("main", 0))
    learnt = [k for k, event in enumerate(events) if event.kind == "fitted" and event.payload["labels"]]
    asked = [(k, event.payload["strategy"]) for k, event in enumerate(events) if event.kind == "asked"]
    assert len([k for k, strategy in asked if strategy == "random"]) == 6
    assert not [k for k, strategy in asked if k > learnt[0] and strategy == "random"]
