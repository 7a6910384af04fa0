"""A million generated texts: import, start, next item, pages of items, panel, and rounds of the trainer, with memory.

A script for Linux: python tests/million_label.py 1000000. The import is ``querist label FILE`` on a JSONL file, in a
process of its own up to where it would serve, and the peak of resident memory is read from /proc (VmHWM), for the import,
the server and the trainer. Bounds: import and trainer under 1 GiB; the first page and the next item under 200 ms; calls
under 200 ms at the median also while the trainer works. The trainer's bound is for few labels: with 200,000 of them the
strategy's own arrays come on top.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from label_server import LabelServer, free_port, memory, texts, trainer_of
from querist.server.client import Client

IMPORT_BYTES = TRAINER_BYTES = 1 << 30
QUICK = 0.2
_COMMAND = """
from label_server import memory
from querist.cli import main, page
def served(*_, **__):
    print(memory())
    return 0
page.show = served
main()
"""

Times = dict[str, list[float]]


@dataclass
class Figures:
    """What was measured: seconds, and bytes of resident memory at the peak."""

    items: int
    import_s: float = 0.0
    import_bytes: int = 0
    start_s: float = 0.0
    page_s: float = 0.0
    next_s: float = 0.0
    calls: Times = field(default_factory=dict)
    busy: Times = field(default_factory=dict)
    round_s: list[float] = field(default_factory=list)
    features_s: float | None = None
    server_bytes: int = 0
    trainer_bytes: int = 0

    def over(self) -> list[str]:
        """Which bounds were not kept."""
        out = []
        if self.import_bytes > IMPORT_BYTES:
            out.append(f"the import held {self.import_bytes >> 20} MiB")
        if self.trainer_bytes > TRAINER_BYTES:
            out.append(f"the trainer held {self.trainer_bytes >> 20} MiB")
        for name, seconds in (("first page", self.page_s), ("first next item", self.next_s)):
            if seconds > QUICK:
                out.append(f"{name} took {1000 * seconds:.0f} ms")
        for when, calls in (("at rest", self.calls), ("while the trainer works", self.busy)):
            for name, times in calls.items():
                if np.median(times) > QUICK and name not in _SCANS:
                    out.append(f"{name} took {1000 * np.median(times):.0f} ms {when}")
        return out


_SCANS = ("search, nothing found", "search, the last item")
"""What has to look through all texts."""


_PAGES = {
    "project": "/project",
    "panel": "/panel",
    "items, first page": "/items?limit=50",
    "items, labelled": "/items?limit=50&state=labelled",
    "items, unlabelled": "/items?limit=50&state=unlabelled",
    "items, one class": "/items?limit=50&label=cat",
    "items, least sure first": "/items?limit=50&sort=doubt",
    "search": "/items?limit=50&text=whisker",
}


def written(file: Path, items: int, labels: int = 0) -> Path:
    """A JSONL file of generated texts, the first ``labels`` with a label."""
    with file.open("w", encoding="utf-8") as out:
        for record in texts(items, labels):
            label = {"label": record.labels[0]["value"]} if record.labels else {}
            out.write(json.dumps({"id": record.id, "text": record.text, **label}) + "\n")
    return file


def imported(folder: Path, file: Path) -> tuple[float, int]:
    """Make a project of a file by the command, which ends where it would serve: seconds and peak of memory in bytes."""
    before = time.monotonic()
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", _COMMAND, "label", str(file), "--labels", "cat,dog", "--project", str(folder)],
        env={**os.environ, "PYTHONPATH": path},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return time.monotonic() - before, int(done.stdout)


def measured(folder: Path, figures: Figures, *, calls: int = 30, rounds: int = 3, patience: float = 900.0) -> None:
    """Start the server and time what a person does, while the trainer works and when it is paused."""
    before = time.monotonic()
    server = LabelServer(folder, port=free_port())
    try:
        figures.start_s = time.monotonic() - before
        client = server.client(timeout=60.0)
        figures.page_s = _timed(client.project)
        figures.next_s = _timed(lambda: client.give_back([h["query"] for h in client.next(1)]))
        begun = time.monotonic()
        for _ in range(rounds):
            _person(client, figures.busy, calls, figures.items)
            done = _rounds(client)
            while _rounds(client) == done and time.monotonic() - begun < patience:
                figures.trainer_bytes = max(figures.trainer_bytes, memory(trainer_of(server) or 0))
                _person(client, figures.busy, 1, figures.items)
                time.sleep(0.2)
            figures.round_s.append(time.monotonic() - begun)
            begun = time.monotonic()
        figures.features_s = _all_features(client, figures, before, patience)
        figures.trainer_bytes = max(figures.trainer_bytes, memory(trainer_of(server) or 0))
        client.trainer("pause")
        _person(client, figures.calls, calls, figures.items, scans=3)
        figures.server_bytes = memory(server.process.pid)
    finally:
        server.stop()


def _all_features(client: Client, figures: Figures, since: float, patience: float) -> float | None:
    """Go on until the features of all items are made; seconds since the start of the server, None when they never were."""
    while time.monotonic() - since < patience:
        encoder = client.project()["encoder"]
        if encoder["done"] >= encoder["of"]:
            return time.monotonic() - since
        _person(client, figures.busy, 1, figures.items)
        time.sleep(0.5)
    return None


def _rounds(client: Client) -> int:
    model = client.project()["model"]
    return 0 if model is None else int(model["round"]) + 1


def _timed(call: Callable[[], Any]) -> float:
    before = time.perf_counter()
    call()
    return time.perf_counter() - before


def _person(client: Client, times: Times, calls: int, items: int, *, scans: int = 0) -> None:
    """Label some items and look around."""
    for number in range(calls):
        before = time.perf_counter()
        (handed,) = client.next(1)
        times.setdefault("next", []).append(time.perf_counter() - before)
        value = ("cat", "dog")[number % 2]
        times.setdefault("answer", []).append(_timed(lambda one=handed, v=value: client.label(one, v)))  # type: ignore[misc]
        pages = dict(_PAGES)
        if number < scans:
            pages |= {_SCANS[0]: "/items?limit=50&text=nowhere%20at%20all"}
            pages |= {_SCANS[1]: f"/items?limit=1&text=note%20{items - 1}"}
        for name, path in pages.items():
            times.setdefault(name, []).append(_timed(lambda p=path: client._get(p)))  # type: ignore[misc]


def said(name: str, times: Times) -> str:
    """A table of medians and worst times in ms."""
    lines = [f"{name}:"]
    for what, seconds in times.items():
        ms = 1000 * np.asarray(seconds)
        lines.append(f"  {what:26s} p50 {np.median(ms):7.1f}  worst {ms.max():7.1f} ms ({len(ms)})")
    return "\n".join(lines)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("items", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--labels", type=int, default=0, help="so many come with a label")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--project", type=Path, help="where it is made and kept; taken up when it is there")
    options = parser.parse_args()
    figures = Figures(options.items)
    with tempfile.TemporaryDirectory() as folder:
        project = options.project or Path(folder) / "project"
        if not (project / "journal.db").exists():
            file = written(Path(folder) / "texts.jsonl", options.items, options.labels)
            figures.import_s, figures.import_bytes = imported(project, file)
            file.unlink()
        measured(project, figures, rounds=options.rounds)
    print(
        f"{figures.items:,} items, {options.labels:,} with a label: imported in {figures.import_s:.1f} s with "
        f"{figures.import_bytes >> 20} MiB; served after {figures.start_s:.2f} s; first page "
        f"{1000 * figures.page_s:.0f} ms, first next item {1000 * figures.next_s:.0f} ms; server "
        f"{figures.server_bytes >> 20} MiB, trainer "
        f"{figures.trainer_bytes >> 20} MiB; rounds after {', '.join(f'{s:.1f}' for s in figures.round_s) or 'no time'} s, "
        f"all features after {'no time' if figures.features_s is None else f'{figures.features_s:.0f} s'}; "
        f"load average {os.getloadavg()[0]:.1f}"
    )
    print(said("while the trainer works", figures.busy))
    print(said("at rest", figures.calls))
    over = figures.over()
    for line in over:
        print("over the bound:", line)
    sys.exit(bool(over))


if __name__ == "__main__":
    main()
