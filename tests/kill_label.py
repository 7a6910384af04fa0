"""Kill the labelling server under load and count what is lost. A script: python tests/kill_label.py 1000

Eight clients label, skip, reject and undo; each writes what was acknowledged to a file of its own, with fsync, and before
it the operation that it is about to send. Every second kill comes at a random moment, the others at the named points of
crash_server.py in turn: around each commit, each reply, the opening, and the taking over of a model. After each SIGKILL of
the whole process group the server is started again on the same project. At the end `querist export` must give, item by
item, what was last acknowledged, or the one operation that was on its way when the kill came; nothing else (promise R1).
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crash_server import POINTS
from label_server import LabelServer, free_port, made, texts
from querist.core.errors import QueristError

CLIENTS = 8
CLASSES = ("cat", "dog")
PATIENCE = 40.0
"""Seconds to wait for a point before the server is killed where it is."""
LIVES = 50
"""Kills of one project: with more its first model would take longer than anybody waits for a point."""
_CRASHING = str(Path(__file__).with_name("crash_server.py"))


@dataclass
class Outcome:
    """What came of a campaign."""

    kills: int = 0
    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    slowest_start: float = 0.0
    points: Counter[str] = field(default_factory=Counter)


class Person:
    """One client that keeps what it was told in a file.

    Args:
        path: the file; a line an operation, ``{"item", "state", "sent"|"acked"}``.
        seed: of its choices.
    """

    def __init__(self, path: Path, seed: int) -> None:
        self.file = path.open("a", encoding="utf-8")
        self.rng = random.Random(seed)
        self.held: list[dict[str, Any]] = []
        self.acked = 0

    def work(self, server: LabelServer, started: threading.Event) -> None:
        """Answer until the server is gone."""
        client = server.client(patience=0.0, timeout=10.0)
        client.tab = f"tab-{self.file.name.rpartition('/')[2]}"
        try:
            while True:
                self.held = client.next(3)
                if not self.held:
                    return
                for handed in self.held:
                    self._answer(client, handed)
                    started.set()
                if self.rng.random() < 0.1:
                    self._undo(client)
        except (QueristError, OSError):
            return

    def _answer(self, client: Any, handed: dict[str, Any]) -> None:
        kind = self.rng.choices(["label", "skip", "reject"], [8, 1, 1])[0]
        value = self.rng.choice(CLASSES) if kind == "label" else None
        state = {"label": value, "skip": "skipped", "reject": "rejected"}[kind]
        item = handed["item"]["id"]
        self._note("sent", item, state)
        reply = client.answer(handed, kind, value, key=str(uuid.uuid4()))
        assert reply["counted"], reply
        self._note("acked", item, state)

    def _undo(self, client: Any) -> None:
        self._note("sent", "?", "undone")
        handed = client.undo()
        self._note("acked", handed["item"]["id"], "unlabelled")
        self._answer(client, handed)

    def _note(self, what: str, item: str, state: str | None) -> None:
        self.file.write(json.dumps({"what": what, "item": item, "state": state}) + "\n")
        self.file.flush()
        os.fsync(self.file.fileno())
        self.acked += what == "acked"


def campaign(kills: int, seed: int = 0, *, points: Sequence[str] = tuple(POINTS)) -> Outcome:
    """Kill servers ``kills`` times, `LIVES` times each, every second time at one of the points in turn."""
    outcome = Outcome(points=Counter(dict.fromkeys(points, 0)))
    turns = itertools.cycle(points)
    while outcome.kills < kills:
        lives = min(LIVES, kills - outcome.kills)
        with tempfile.TemporaryDirectory() as folder:
            _one_project(Path(folder), lives, random.Random(f"{seed}, {outcome.kills}"), turns, outcome)
        done = f"{outcome.acknowledged:,} acknowledged, {len(outcome.lost)} lost"
        print(f"{outcome.kills} of {kills} kills, {done}", file=sys.stderr, flush=True)
    return outcome


def _one_project(root: Path, lives: int, rng: random.Random, turns: Iterator[str], outcome: Outcome) -> None:
    """Make a project, kill its server ``lives`` times, and count what is lost."""
    project = made(root / "project", texts(400 + 700 * lives), lease=86_400.0)
    files = [root / f"{k}.jsonl" for k in range(CLIENTS)]
    people = [Person(file, rng.getrandbits(32)) for file in files]
    port, session = free_port(), None
    for number in range(lives):
        point = next(turns, "") if number % 2 else ""
        session = _killed_once(project, port, session, people, point, rng, outcome)
    outcome.acknowledged += sum(p.acked for p in people)
    for person in people:
        person.file.close()
    outcome.lost += lost(project, files)


def _killed_once(
    project: Path,
    port: int,
    session: str | None,
    people: Sequence[Person],
    point: str,
    rng: random.Random,
    outcome: Outcome,
) -> str | None:
    """One life of the server; the session that the next one can be asked with."""
    run = [_CRASHING, point, str(rng.randint(1, POINTS[point]))] if point else ["-m", "querist"]
    before = time.monotonic()
    outcome.kills += 1
    try:
        server = LabelServer(project, port=port, session=session, run=run)
    except RuntimeError:
        if not point:
            raise
        outcome.points[point] += 1  # it died before it could give a link
        return session
    outcome.slowest_start = max(outcome.slowest_start, time.monotonic() - before)
    started = threading.Event()
    threads = [threading.Thread(target=p.work, args=(server, started)) for p in people]
    for thread in threads:
        thread.start()
    if point:
        outcome.points[point] += server.ended(PATIENCE)
    else:
        started.wait(20)
        time.sleep(rng.uniform(0.02, 0.8))
    server.kill()
    for thread in threads:
        thread.join(30)
    return server.session


def lost(project: Path, files: list[Path]) -> list[str]:
    """Items whose exported state is neither the last acknowledged one nor one that was on its way."""
    states = exported(project)
    out = []
    allowed: dict[str, list[str]] = {}
    for file in files:
        waiting = False
        for line in file.read_text(encoding="utf-8").splitlines():
            note = json.loads(line)
            if note["what"] == "acked":
                allowed[note["item"]] = [note["state"]]
            elif note["item"] != "?":
                allowed.setdefault(note["item"], ["unlabelled"]).append(note["state"])
            waiting = note["what"] == "sent" and note["item"] == "?"
        if waiting:  # an undo was on its way: it may have hit the last answer
            for item in allowed:
                allowed[item].append("unlabelled")
    for item, may in allowed.items():
        if states.get(item, "unlabelled") not in may:
            out.append(f"{item}: {states.get(item, 'unlabelled')}, and {may} was acknowledged or sent")
    return out


def exported(project: Path) -> dict[str, str]:
    """State of each item as `querist export` tells it."""
    target = project / "export.jsonl"
    command = [
        sys.executable,
        "-m",
        "querist",
        "export",
        str(project),
        "--format",
        "jsonl",
        "--out",
        str(target),
        "--all",
    ]
    subprocess.run(command, check=True, capture_output=True)
    out: dict[str, str] = {}
    for line in target.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        value = row.get("label")
        state = str(row.get("state", "unlabelled")).replace("pending", "unlabelled")  # a lease is no answer
        out[row["id"]] = value if isinstance(value, str) else state
    return out


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", type=int, nargs="?", default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    outcome = campaign(options.kills, options.seed)
    print(
        f"{outcome.kills} kills, {outcome.acknowledged} acknowledged, {len(outcome.lost)} lost; slowest start "
        f"{outcome.slowest_start:.2f} s"
    )
    print("at points: " + ", ".join(f"{point} {n}" for point, n in outcome.points.items()))
    for line in outcome.lost[:20]:
        print(line)
    missed = [point for point, n in outcome.points.items() if not n] if outcome.kills >= 2 * len(POINTS) else []
    if missed:
        print(f"never killed at: {', '.join(missed)}")
    sys.exit(bool(outcome.lost or missed))


if __name__ == "__main__":
    main()
