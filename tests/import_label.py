"""Label while a file is imported by the same server: python tests/import_label.py 100000

One person takes an item and answers it twenty times a second, first with nothing else going on, then beside an import of so
many texts, checked first and then taken, with a label each. Labelling must not wait for it: next item p99 at most 200 ms,
post p99 at most 100 ms, as under any other load (promise R29); and every row and answer must be there at the end.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from label_server import LabelServer, free_port, made, memory, texts
from querist.server.client import Client

NEXT, POST = 0.2, 0.1
_EVERY = 0.05


@dataclass(frozen=True)
class Outcome:
    """Seconds of each call, quiet and beside the import; what the import said, how long it took, and bytes of memory."""

    quiet: dict[str, list[float]]
    beside: dict[str, list[float]]
    took: dict[str, Any]
    seconds: dict[str, float]
    memory: int
    wrong: list[str]

    def slow(self) -> list[str]:
        """Which bounds do not hold."""
        found = []
        for what, most in (("next", NEXT), ("post", POST)):
            p99 = float(np.quantile(self.beside[what], 0.99))
            if p99 > most:
                found.append(f"{what}: p99 {1000 * p99:.0f} ms, more than {1000 * most:.0f}")
        return found

    def lines(self) -> list[str]:
        """For people."""
        out = []
        for name, times in (("quiet", self.quiet), ("beside", self.beside)):
            said = [
                f"{what} p50 {1000 * np.median(v):.1f}, p99 {1000 * np.quantile(v, 0.99):.1f}, "
                f"worst {1000 * max(v):.1f} ms ({len(v)})"
                for what, v in times.items()
            ]
            out.append(f"{name}: " + "; ".join(said))
        spent = ", ".join(f"{what} {seconds:.1f} s" for what, seconds in self.seconds.items())
        return [*out, f"{spent}; server {self.memory >> 20} MiB at most", *self.wrong]


class Person(threading.Thread):
    """Takes and answers at a steady pace until told to stop.

    Args:
        client: of the server.
    """

    def __init__(self, client: Client) -> None:
        super().__init__(daemon=True)
        self.client, self.stopped = client, threading.Event()
        self.times: dict[str, list[float]] = {"next": [], "post": []}
        self.items: set[str] = set()
        self.fault: BaseException | None = None

    def run(self) -> None:
        """Label."""
        try:
            while not self.stopped.wait(_EVERY):
                before = time.perf_counter()
                (handed,) = self.client.next(1)
                between = time.perf_counter()
                self.client.answer(handed, "label", "cat", key=str(uuid.uuid4()))
                self.times["next"].append(between - before)
                self.times["post"].append(time.perf_counter() - between)
                self.items.add(handed["item"]["id"])
        except BaseException as error:
            self.fault = error

    def end(self) -> dict[str, list[float]]:
        """Stop; the seconds of its calls."""
        self.stopped.set()
        self.join()
        if self.fault is not None:
            raise self.fault
        return self.times


def written(path: Path, rows: int) -> Path:
    """A CSV file of so many texts with labels."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "text", "label"])
        out.writerows([f"more-{r.id}", r.text, r.labels[0]["value"]] for r in texts(rows, rows))
    return path


def campaign(rows: int, *, items: int = 20_000, quiet: float = 5.0) -> Outcome:
    """One project, one person, one import."""
    with tempfile.TemporaryDirectory() as folder:
        file = written(Path(folder) / "more.csv", rows)
        server = LabelServer(made(Path(folder) / "project", texts(items)), port=free_port(), more=["--no-trainer"])
        try:
            first = Person(server.client())
            first.start()
            time.sleep(quiet)
            before = first.end()
            person, client, seconds = Person(server.client()), server.client(timeout=600.0), {}
            person.start()
            start = time.perf_counter()
            client.check_file(file)
            seconds["check"] = time.perf_counter() - start
            took = client.import_file(file)
            seconds["import"] = time.perf_counter() - start - seconds["check"]
            beside = person.end()
            now = client.project()
            here = {id for id in first.items | person.items if not id.startswith("more-")}
            wanted = {"items": items + rows, "labelled": rows + len(here)}
            wrong = [f"{name}: {now[name]} instead of {n}" for name, n in wanted.items() if now[name] != n]
            return Outcome(before, beside, took, seconds, memory(server.process.pid), wrong)
        finally:
            server.kill()


def main() -> int:
    """The campaign, and what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=100_000)
    outcome = campaign(parser.parse_args().rows)
    found = outcome.slow()
    print("\n".join([*outcome.lines(), *found]))
    return 1 if found or outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
