"""Trainers that fall ill beside people who label. A script: python tests/sick_label.py 100

After a first good model each trainer does what it must not: it spins, sleeps, raises, crashes, is killed, fills memory or
disk, writes rubbish. Each time the last good model must stay with its files, three more tries be made, then a pause with
the reason; labelling goes on, first with what the model chose, then at random, and each item says so (promise R30).
Somebody labels ten times a second from the good model to the pause: next item p99 at most 200 ms, post p99 at most 100 ms
over all runs, as under any other load (promise R29). The first reason must be told within 5 s after the trainer fell ill,
which it notes itself.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from querist.data.record import Record
from querist.server.client import Client
from querist.server.limits import Limits
from querist.server.project import Project
from querist.server.serve import Server
from querist.server.supervisor import Standing, Supervisor
from querist.server.task import Task
from sick_trainer import ILL, SICK, falls_ill, trainer_that

TRIES = 4
NEXT, POST, TOLD = 0.2, 0.1, 5.0
_LONGEST, _EVERY = 120.0, 0.1
_ITEMS = int(_LONGEST / _EVERY) + 10

Standings = list[tuple[float, Standing]]
"""Where the trainer stood, each with when that was said."""


@dataclass
class Outcome:
    """What came of the runs."""

    runs: int = 0
    faults: list[str] = field(default_factory=list)
    asks: list[float] = field(default_factory=list)
    posts: list[float] = field(default_factory=list)
    told: list[tuple[str, float]] = field(default_factory=list)
    """Illnesses, each with the seconds from its beginning to the first reason."""

    def slow(self) -> list[str]:
        """Which bounds do not hold."""
        found = [f"{kind}: the reason is told after {s:.1f} s, not {TOLD:g}" for kind, s in self.told if s > TOLD]
        for what, times, most in (("next", self.asks, NEXT), ("post", self.posts, POST)):
            p99 = float(np.quantile(times, 0.99)) if times else math.inf
            if p99 > most:
                found.append(f"{what}: p99 {1000 * p99:.0f} ms, more than {1000 * most:.0f}")
        return found

    def line(self) -> str:
        """For people."""
        said = [
            f"{what} p50 {1000 * np.median(v):.1f}, p99 {1000 * np.quantile(v, 0.99):.1f}, worst {1000 * max(v):.1f} ms"
            f" ({len(v)})"
            for what, v in (("next", self.asks), ("post", self.posts))
            if v
        ]
        late = max((seconds for _, seconds in self.told), default=math.nan)
        counts = f"{self.runs} runs, {len(self.faults)} faults"
        return "; ".join([counts, *said, f"reason told after {late:.2f} s at most ({len(self.told)})"])


def campaign(kinds: list[str], *, patience: float = 6.0) -> Outcome:
    """One run a kind of illness, each on a project of its own.

    Args:
        kinds: of `SICK`.
        patience: seconds after which a silent trainer is ended; above `TOLD`, for that it is silent must be told before.
    """
    outcome = Outcome()
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder:
            outcome.faults += [f"{kind}: {fault}" for fault in _run(kind, Path(folder) / "p", patience, outcome)]
        outcome.runs += 1
    return outcome


def _run(kind: str, folder: Path, patience: float, outcome: Outcome) -> list[str]:
    work, reason = SICK[kind]
    records = [Record(id=name, text=f"item {name}") for name in ("a", *map(str, range(_ITEMS)))]
    task, settings = Task("single", ("cat", "dog")), {"validation": 0.0, "control": 0.0}
    Project.make(folder, records, task=task, modality="text", name="sick", settings=settings).close()
    server = Server(folder)
    standings: Standings = []
    coach, project = server.service.coach, server.service.project
    coach._supervisor = Supervisor(
        folder,
        coach._promote,
        changed=lambda standing: standings.append((time.monotonic(), standing)),
        known=lambda id: id in project.items,
        patience=patience if reason == "said nothing" else 20.0,
        back_off=(0.02, 0.02, 0.02),
        command=trainer_that(falls_ill(work), folder),
        limits=Limits(memory=2 << 30, file_size=1 << 20),
    )
    with server.start(), server.client() as client:
        faults = _labelled(client, standings, reason, folder, outcome)
    began = float((folder / ILL).read_text()) if (folder / ILL).exists() else math.inf
    told = [at for at, standing in standings if at >= began and standing.reason]
    if told:
        outcome.told.append((kind, told[0] - began))
    else:
        faults.append("it did not fall ill, or the reason was never told")
    return faults


def _labelled(client: Client, standings: Standings, reason: str, folder: Path, outcome: Outcome) -> list[str]:
    """Label beside it; what was not as promised."""
    faults: list[str] = []
    done = 0

    def one() -> dict[str, Any]:
        nonlocal done
        before = time.perf_counter()
        (handed,) = client.next(1)
        between = time.perf_counter()
        counted = client.label(handed, "cat")["counted"]  # which asks for a round
        outcome.asks.append(between - before)
        outcome.posts.append(time.perf_counter() - between)
        done += 1
        if not counted:
            faults.append(f"the answer about {handed['item']['id']} did not count")
        return handed

    if not _until(lambda: client.project()["model"]):
        return ["the good model did not come"]
    good = client.project()["model"]
    first = one()
    if (first["item"]["id"], first["reason"]) != ("a", "The strategy chose it: because."):
        faults.append(f"the last queue is not used: {first['item']['id']}, {first['reason']}")

    def paused() -> bool:
        if client.project()["trainer"]["state"] == "paused":
            return True
        one()
        return False

    if not _until(paused, _EVERY):
        faults.append(f"it is not paused but {client.project()['trainer']}")
    said = str(client.project()["trainer"]["reason"])
    if reason not in said or f"{TRIES} times" not in said:
        faults.append(f"the reason is not told: {said}")
    tries = [s.failures for _, s in standings if s.state == "starting" and s.failures]
    if sorted(set(tries)) != [1, 2, 3]:
        faults.append(f"it was not tried three times more: {tries}")
    last = one()
    if last["reason"] != "Drawn at random: all that the model chose is handed out.":
        faults.append(f"the last item does not say that it is random: {last['reason']}")
    now = client.project()
    if now["model"] != good or now["labelled"] != done:
        faults.append(f"the model was {good} and is {now['model']}, {now['labelled']} of {done} are labelled")
    kept = [path.read_bytes() for path in (folder / "artifacts").glob("*/model.safetensors")]
    if kept != [b"w0"]:
        faults.append(f"the good model's files are not as they were: {kept}")
    return faults


def _until(true: Callable[[], Any], every: float = 0.02) -> bool:
    end = time.monotonic() + _LONGEST
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(every)
    return True


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="?", type=int, default=100)
    runs = parser.parse_args().runs
    names = list(SICK)
    outcome = campaign([names[k % len(names)] for k in range(runs)])
    found = [*outcome.faults, *outcome.slow()]
    print("\n".join([*found, outcome.line()]))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
