"""Kill `querist run` with SIGKILL at random points and see that nothing is lost. A script: python tests/kill_run.py 200

The oracle is the list of answers that the command acknowledged on stderr (one line a step, written after the step is on
disk), kept by this process, which is not killed. After each kill: every acknowledged answer is in the journal, the file
opens at once, and when the run is at last left alone its whole sequence of queries is that of an unbroken run.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from querist.assembly.build import open_journal

SPEC = """\
[data]
source = "sklearn:digits"
test = 300
[model]
learner = "sklearn"
name = "logistic_regression"
[run]
strategy = "shortlist(margin, times=5) | k_means"
start_size = 10
batch = 10
budget = 200
"""


@dataclass
class Report:
    """What came of the kills."""

    kills: int = 0
    runs: int = 0
    lost: int = 0
    acknowledged: int = 0
    slowest_open: float = 0.0
    differing: int = 0
    notes: list[str] = field(default_factory=list)


def command(spec: Path, out: Path) -> list[str]:
    """The command under test."""
    return [sys.executable, "-m", "querist", "run", str(spec), "--out", str(out), "-v"]


def sequence(out: Path) -> list[list[str]]:
    """Items of every query, in order, from the journal; also holds the file to opening at once."""
    store, _ = open_journal(out / "seed-0")
    try:
        return [list(e.payload["items"]) for e in store.read("main") if e.kind == "asked"]
    finally:
        store.close()


def told(out: Path) -> set[str]:
    """Ids that the journal holds an answer for."""
    store, _ = open_journal(out / "seed-0")
    try:
        return {a["item"] for e in store.read("main") if e.kind == "told" for a in e.payload["answers"]}
    finally:
        store.close()


def kill_once(spec: Path, out: Path, after: float) -> tuple[set[str], bool]:
    """Start the run, kill it at a `moment`: acknowledged ids, and whether it ended itself."""
    child = subprocess.Popen(
        command(spec, out), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    acknowledged: set[str] = set()
    assert child.stderr is not None
    deadline: float | None = None
    os.set_blocking(child.stderr.fileno(), False)
    rest = ""
    started = time.monotonic()
    while child.poll() is None and time.monotonic() - started < 120:
        rest = _take(_read(child.stderr.fileno()), rest, acknowledged)
        if deadline is None and after >= 0 and rest_seen(rest, acknowledged):
            deadline = time.monotonic() + after
        if deadline is None and after < 0:  # from the start of the process: opening, reading, resuming
            deadline = started - after
        if deadline is not None and time.monotonic() >= deadline:
            os.killpg(child.pid, signal.SIGKILL)
            break
        time.sleep(0.002)
    child.wait(timeout=30)
    _take(_read(child.stderr.fileno()) + "\n", rest, acknowledged)
    child.stderr.close()
    return acknowledged, child.returncode == 0


def rest_seen(rest: str, acknowledged: set[str]) -> bool:
    """Whether this process has said anything yet."""
    return bool(rest or acknowledged)


def moment(chance: random.Random) -> float:
    """Seconds after the first word of the process; one in four, as a negative number, seconds after its start."""
    return -chance.uniform(0.5, 3.0) if chance.random() < 0.25 else chance.uniform(0.0, 0.4)


def _read(descriptor: int) -> str:
    """What is there to read now."""
    pieces = []
    while True:
        try:
            piece = os.read(descriptor, 1 << 16)
        except BlockingIOError:
            break
        if not piece:
            break
        pieces.append(piece)
    return b"".join(pieces).decode("utf-8", "replace")


def _take(text: str, rest: str, acknowledged: set[str]) -> str:
    """Read whole lines; give the unfinished one back."""
    *lines, rest = (rest + text).split("\n")
    for line in lines:
        if line.startswith("{"):
            try:
                step = json.loads(line)
            except ValueError:
                continue
            if step["step"] == "told":
                acknowledged.update(step["items"])
    return rest


def campaign(kills: int, seed: int = 0) -> Report:
    """Kill runs until ``kills`` kills were made, starting a new run whenever one is complete."""
    chance = random.Random(seed)
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "spec.toml"
        spec.write_text(SPEC, encoding="utf-8")
        whole = Path(folder) / "whole"
        subprocess.run(command(spec, whole), check=True, capture_output=True)
        expected = sequence(whole)
        while report.kills < kills:
            report.runs += 1
            out = Path(folder) / f"run-{report.runs}"
            known: set[str] = set()
            ended = False
            while not ended and report.kills < kills:
                acknowledged, ended = kill_once(spec, out, moment(chance))
                known |= acknowledged
                report.kills += not ended
                if not (out / "seed-0" / "journal.db").exists():
                    continue
                started = time.perf_counter()
                have = told(out)
                report.slowest_open = max(report.slowest_open, time.perf_counter() - started)
                report.lost += len(known - have)
            report.acknowledged += len(known)
            if not ended:
                subprocess.run(command(spec, out), check=True, capture_output=True)
            if sequence(out) != expected:
                report.differing += 1
                report.notes.append(f"run {report.runs} asked another sequence")
    return report


if __name__ == "__main__":
    found = campaign(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
    print(
        f"{found.kills} kills over {found.runs} runs: {found.lost} of {found.acknowledged} acknowledged answers lost, "
        f"{found.differing} runs asked another sequence, slowest opening {found.slowest_open * 1e3:.0f} ms"
    )
    print("\n".join(found.notes))
    sys.exit(1 if found.lost or found.differing else 0)
