"""Trainers that fall ill beside people who label. A script: python tests/sick_label.py 100

After a first good model each trainer does what it must not: it spins, sleeps, raises, crashes, is killed, fills memory or
disk, writes rubbish. Each time the last good model must stay with its files, three more tries be made, then a pause with
the reason; labelling goes on, first with what the model chose, then at random, and each item says so (promise R30).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from querist.data.record import Record
from querist.server.client import Client
from querist.server.project import Project
from querist.server.serve import Server
from querist.server.supervisor import Standing, Supervisor
from querist.server.task import Task
from querist.server.trainer.limits import Limits
from sick_trainer import SICK, falls_ill, trainer_that

TRIES = 4
_LONGEST = 120.0


@dataclass
class Outcome:
    """What came of the runs."""

    runs: int = 0
    faults: list[str] = field(default_factory=list)
    slowest: float = 0.0
    """Seconds of the slowest request of all."""


def campaign(kinds: list[str], *, patience: float = 4.0) -> Outcome:
    """One run a kind of illness, each on a project of its own.

    Args:
        kinds: of `SICK`.
        patience: seconds after which a silent trainer is ended.
    """
    outcome = Outcome()
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder:
            outcome.faults += [f"{kind}: {fault}" for fault in _run(kind, Path(folder) / "p", patience, outcome)]
        outcome.runs += 1
    return outcome


def _run(kind: str, folder: Path, patience: float, outcome: Outcome) -> list[str]:
    work, reason = SICK[kind]
    records = [Record(id=name, text=f"item {name}") for name in "abcdefgh"]
    task, settings = Task("single", ("cat", "dog")), {"validation": 0.0, "control": 0.0}
    Project.make(folder, records, task=task, modality="text", name="sick", settings=settings).close()
    server = Server(folder)
    standings: list[Standing] = []
    coach, project = server.service.coach, server.service.project
    coach._supervisor = Supervisor(
        folder,
        coach._promote,
        changed=standings.append,
        known=lambda id: id in project.items,
        patience=patience if reason == "said nothing" else 20.0,
        back_off=(0.02, 0.02, 0.02),
        command=trainer_that(falls_ill(work), folder),
        limits=Limits(memory=2 << 30, file_size=1 << 20),
    )
    with server.start(), server.client() as client:
        return _labelled(client, standings, reason, folder, outcome)


def _labelled(client: Client, standings: list[Standing], reason: str, folder: Path, outcome: Outcome) -> list[str]:
    """Label beside it; what was not as promised."""
    faults: list[str] = []

    def one() -> dict[str, Any]:
        before = time.monotonic()
        (handed,) = client.next(1)
        counted = client.label(handed, "cat")["counted"]  # which asks for a round
        outcome.slowest = max(outcome.slowest, (time.monotonic() - before) / 2)
        if not counted:
            faults.append(f"the answer about {handed['item']['id']} did not count")
        return handed

    if not _until(lambda: client.project()["model"]):
        return ["the good model did not come"]
    good = client.project()["model"]
    first = one()
    if (first["item"]["id"], first["reason"]) != ("a", "The strategy chose it: because."):
        faults.append(f"the last queue is not used: {first['item']['id']}, {first['reason']}")
    if not _until(lambda: client.project()["trainer"]["state"] == "paused"):
        faults.append(f"it is not paused but {client.project()['trainer']}")
    said = str(client.project()["trainer"]["reason"])
    if reason not in said or f"{TRIES} times" not in said:
        faults.append(f"the reason is not told: {said}")
    tries = [s.failures for s in standings if s.state == "starting" and s.failures]
    if sorted(set(tries)) != [1, 2, 3]:
        faults.append(f"it was not tried three times more: {tries}")
    second = one()
    if second["reason"] != "Drawn at random: all that the model chose is handed out.":
        faults.append(f"the second item does not say that it is random: {second['reason']}")
    now = client.project()
    if now["model"] != good or now["labelled"] != 2:
        faults.append(f"the model was {good} and is {now['model']}, {now['labelled']} of 2 are labelled")
    kept = [path.read_bytes() for path in (folder / "artifacts").glob("*/model.safetensors")]
    if kept != [b"w0"]:
        faults.append(f"the good model's files are not as they were: {kept}")
    return faults


def _until(true: Any) -> bool:
    end = time.monotonic() + _LONGEST
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="?", type=int, default=100)
    runs = parser.parse_args().runs
    names = list(SICK)
    outcome = campaign([names[k % len(names)] for k in range(runs)])
    for fault in outcome.faults:
        print(fault)
    print(f"{outcome.runs} runs, {len(outcome.faults)} faults; the slowest request took {outcome.slowest:.2f} s")
    sys.exit(bool(outcome.faults))


if __name__ == "__main__":
    main()
