"""Label for a long time and watch memory, open files and the log grow, or not. For Linux: soak_label.py --hours 72

Four people take items, answer, undo, flag, skip and look around, beside the trainer; every minute or so (a twentieth of the
time, if that is less) resident memory, open files and the size of the journal's log are noted. After the first fifth of the
time memory may grow by 5 %, the files may differ by 8, and the log must stay under 64 MiB (promise R34).
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from label_server import LabelServer, free_port, made, memory, open_files, texts
from querist.core.errors import QueristError

PEOPLE = 4
GROWTH = 1.05
FILES = 8
LOG = 64 << 20


@dataclass
class Outcome:
    """What was noted: (seconds, bytes of memory, open files, bytes of the log)."""

    notes: list[tuple[float, int, int, int]] = field(default_factory=list)
    answers: int = 0
    failed: list[str] = field(default_factory=list)

    def faults(self) -> list[str]:
        """What was not kept; the first fifth is for warming up."""
        out = list(self.failed)
        rest = np.array(self.notes[len(self.notes) // 5 :], dtype=float)
        edge = max(len(rest) // 4, 1)
        first, last = np.median(rest[:edge], axis=0), np.median(rest[-edge:], axis=0)
        if last[1] > GROWTH * first[1]:
            out.append(f"memory grew from {first[1] / 2**20:.1f} to {last[1] / 2**20:.1f} MiB")
        if abs(last[2] - first[2]) > FILES:
            out.append(f"{first[2]:.0f} files were open, then {last[2]:.0f}")
        if rest[:, 3].max() > LOG:
            out.append(f"the log grew to {rest[:, 3].max() / 2**20:.1f} MiB")
        return out


def campaign(seconds: float, *, rate: float = 20.0, trainer: bool = True) -> Outcome:
    """Label for so long, ``rate`` answers a second together."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory() as folder:
        project = made(Path(folder) / "project", texts(2_000 + int(1.2 * rate * seconds)), validation=0.05)
        server = LabelServer(project, port=free_port(), more=() if trainer else ("--no-trainer",))
        until = time.monotonic() + seconds
        threads = [threading.Thread(target=_person, args=(server, k, until, rate, outcome)) for k in range(PEOPLE)]
        try:
            for thread in threads:
                thread.start()
            began, log = time.monotonic(), project / "journal.db-wal"
            while (left := until - time.monotonic()) > 0:
                time.sleep(min(seconds / 20, 60.0, left))
                pid = server.process.pid
                size = log.stat().st_size if log.exists() else 0
                outcome.notes.append((time.monotonic() - began, memory(pid, "VmRSS"), open_files(pid), size))
            for thread in threads:
                thread.join()
            if server.stop():
                outcome.failed.append("the server did not end well")
        finally:
            if server.process.poll() is None:
                server.kill()
    return outcome


def _person(server: LabelServer, number: int, until: float, rate: float, outcome: Outcome) -> None:
    rng = random.Random(number)
    client = server.client(patience=20.0)
    client.tab = f"tab-{number}"
    try:
        while time.monotonic() < until:
            for handed in client.next(5):
                due = time.monotonic() + PEOPLE / rate
                kind = rng.choices(["label", "skip", "reject"], [8, 1, 1])[0]
                client.answer(handed, kind, rng.choice(("cat", "dog")) if kind == "label" else None)
                outcome.answers += 1
                if rng.random() < 0.05:
                    client.label(client.undo(), "dog")
                if rng.random() < 0.05:
                    client.flag(handed["item"]["id"], rng.random() < 0.5)
                if rng.random() < 0.1:
                    rng.choice((client.project, client.panel, lambda: client._get("/items?limit=50&sort=doubt")))()
                time.sleep(max(due - time.monotonic(), 0.0))
    except QueristError as error:
        outcome.failed.append(f"{type(error).__name__}: {error}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--hours", type=float, default=0.0)
    parser.add_argument("--rate", type=float, default=20.0)
    options = parser.parse_args()
    outcome = campaign(3600 * options.hours or 60 * options.minutes, rate=options.rate)
    for at, held, files, log in outcome.notes[:: max(len(outcome.notes) // 20, 1)]:
        print(f"{at:9.0f} s: {held / 2**20:7.1f} MiB, {files} files, log {log / 2**20:.2f} MiB")
    print(f"{outcome.answers} answers; load average {os.getloadavg()[0]:.1f}")
    faults = outcome.faults()
    for line in faults[:20]:
        print(line)
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
