"""Kill a process that writes to a journal, again and again, and look at what is left.

python tests/kill_store.py --kills 1000

A child appends events and keeps artifacts, and prints each number once it is acknowledged; it is killed with SIGKILL at
a random moment. Every acknowledged event must be there whole, the journal must open at once, and SQLite and the doctor
must find nothing wrong.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

CHILD = """
import os, sys
from pathlib import Path
from querist.core.types import Answer, Event
from querist.storage import Artifacts, SqliteStore

folder = Path(sys.argv[1])
store, artifacts = SqliteStore(folder / "journal.db"), Artifacts(folder / "artifacts")
seq = store.last("main")
os.write(1, b"ready\\n")
while True:
    n = seq + 1
    if n % 7 == 0:
        digest = artifacts.put(f"weights {n} ".encode() * 500)
        events = [Event("fitted", {"round": n // 7, "labels": n, "model": digest})]
    else:
        items = [f"item {n} {i}" for i in range(5)]
        answers = [Answer.label(item, f"class {n}").to_json() for item in items]
        events = [
            Event("asked", {"query": f"q{n}", "turn": n, "items": items}),
            Event("told", {"query": f"q{n}", "answers": answers}),
        ]
    seq = store.append("main", events, expected=seq)
    os.write(1, f"{seq}\\n".encode())
"""


@dataclass(frozen=True)
class Outcome:
    """What one kill left.

    Args:
        acknowledged: the last number that the child printed.
        found: the last event in the journal.
        lost: numbers that were acknowledged and are not there.
        faults: what opening, SQLite or the doctor found wrong.
        seconds: time to open.
    """

    acknowledged: int
    found: int
    lost: int
    faults: tuple[str, ...]
    seconds: float


def kill_once(folder: Path, delay: float) -> Outcome:
    """Let a child write for ``delay`` seconds, kill it, and look."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    process = subprocess.Popen([sys.executable, "-c", CHILD, str(folder)], stdout=subprocess.PIPE, env=env)
    assert process.stdout is not None
    if process.stdout.readline() != b"ready\n":
        process.communicate()
        return Outcome(0, 0, 0, ("the child could not open the journal",), 0.0)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    printed = process.communicate()[0].decode().split("\n")[:-1]  # a number cut short by the kill was not read
    return inspect(folder, int(printed[-1]) if printed else 0)


def inspect(folder: Path, acknowledged: int) -> Outcome:
    """Open what is left and compare."""
    from querist.core.errors import QueristError
    from querist.storage import SqliteStore
    from querist.storage.doctor import doctor

    faults: list[str] = []
    found, started = 0, time.perf_counter()
    seconds = 0.0
    try:
        with SqliteStore(folder / "journal.db", create=False) as store:
            seconds = time.perf_counter() - started
            found = store.last("main")
            numbers = [e.seq for e in store.read("main")]  # each is compared with its digest
            if numbers != list(range(1, found + 1)):
                faults.append("there is a gap in the numbers")
            kinds = [e.kind for e in store.read("main")]
            if kinds.count("asked") != kinds.count("told"):
                faults.append("half of an append is there")
    except QueristError as error:
        faults.append(f"{error.code}: {error}")
    faults += [f"{f.what} ({f.where})" for f in doctor(folder) if f.severity == "error" or "weights" in f.what]
    return Outcome(acknowledged, found, max(acknowledged - found, 0), tuple(faults), seconds)


def main() -> int:
    """Run the kills and print a summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    bad = 0
    with tempfile.TemporaryDirectory() as name:
        for number in range(arguments.kills):
            folder = Path(name) / f"{number // 20}"  # a fresh journal every twenty kills
            folder.mkdir(exist_ok=True)
            outcome = kill_once(folder, rng.uniform(0.0, 0.3))
            if outcome.lost or outcome.faults:
                bad += 1
                print(number, outcome)
    print(f"{arguments.kills} kills, {bad} with something lost or wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
