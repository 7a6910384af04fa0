"""The labelling page from a cold start: `querist label` in a process of its own, and one person who answers.

    python benchmarks/first_model.py [--items 10000] [--kind text image] [--warm 20] [--short]

Two people are timed on a fresh project each. The patient one waits until the features are made, answers until two classes
are seen, and then goes on; the fast one answers at once, twice a second, however far the trainer is. Figures, in seconds:

    first item          from the command to the first item in hand
    typical queue       from the command to the first queue of the trainer: typical items, no model yet
    features            from the command to features of all items
    answer to model     from the first answer with which two classes are seen to a model that has learnt from it
    model to item       from that model to the first item in hand that it chose
    warm                from an answer to a model that includes it: median and slowest
    ..., processor      processor time of the trainer meanwhile (Linux): other work on the machine moves it little
    fast person         items answered, and seconds from the command, before the first item that a model chose
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

_PATIENCE = 300.0
_POLL = 0.02
_CLASSES = ("cat", "dog")


class Person:
    """`querist label` on fresh data, and who answers there.

    Args:
        folder: an empty one, for data and project.
        kind: "text" or "image".
        items: how many.
    """

    def __init__(self, folder: Path, kind: str, items: int) -> None:
        from querist.server.client import Client

        path = _texts(folder, items) if kind == "text" else _pictures(folder, items)
        self.began = time.perf_counter()
        command = [sys.executable, "-m", "querist", "label", str(path), "--labels", ",".join(_CLASSES), "--no-browser"]
        command += ["--text", "text", "--task", "single"] if kind == "text" else []
        self.process = subprocess.Popen(
            [*command, "--project", str(folder / "p")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if "/open#" not in line:
            raise RuntimeError("the server gave no link")
        self.client = Client(line.split()[-1])
        self.seen: set[str] = set()
        self.answers = 0

    def __enter__(self) -> Person:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(30)
        if self.process.stdout is not None:
            self.process.stdout.close()

    @property
    def processor(self) -> float:
        """Seconds of processor time that the trainer has taken; NaN where that cannot be told."""
        from label_server import trainer_of

        try:
            stat = Path(f"/proc/{trainer_of(self)}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            return math.nan
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def now(self) -> float:
        """Seconds since the command."""
        return time.perf_counter() - self.began

    def take(self) -> dict[str, Any]:
        """The next item."""
        return self.client.next(1)[0]

    def answer(self, handed: dict[str, Any]) -> None:
        """Tell the truth about an item: its id or its file says it."""
        item = handed["item"]
        name = _CLASSES[int(("dog" in (item["text"] or "")) or "dog" in item["id"])]
        self.client.label(handed, name)
        self.seen |= {name} if handed["role"] != "validation" else set()
        self.answers += 1

    def until(self, true: Callable[[dict[str, Any]], Any]) -> float:
        """Wait until the project is so; seconds since the command."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            project = self.client.project()
            if true(project):
                return self.now
            time.sleep(_POLL)
        raise RuntimeError(f"it did not come true in {_PATIENCE:g} s: {project['trainer']}, {project['encoder']}")

    def chosen(self, handed: dict[str, Any]) -> bool:
        """Whether a model that has learnt from labels chose the item."""
        asked = [e for e in self.client.item(handed["item"]["id"])["history"] if e["kind"] == "asked"]
        why = str(asked[-1]["detail"])
        return handed["role"] == "queue" and ("auto: a model" in why or "classes seen" in why)


BARS = {"first item": 10.0, "answer to model": 2.0, "warm, slowest": 2.0}
"""Seconds that are asked for, with the machine at rest."""


def patient(folder: Path, kind: str, items: int, warm: int) -> dict[str, float]:
    """Who waits for the features, and then answers."""
    out: dict[str, float] = {}
    with Person(folder, kind, items) as person:
        held = person.take()
        out["first item"] = person.now
        out["features"] = person.until(lambda p: p["encoder"]["of"] and p["encoder"]["done"] == p["encoder"]["of"])
        out["features, processor"] = person.processor
        out["typical queue"] = person.until(lambda p: p["model"])
        while len(person.seen) < len(_CLASSES):
            person.answer(held)
            told, worked = person.now, person.processor
            if len(person.seen) < len(_CLASSES):
                held = person.take()
        labels = len(person.seen)
        count = person.client.project()["labelled"]
        learnt = person.until(lambda p: p["model"] and p["model"]["labels"] >= max(count - 1, labels))
        out["answer to model"], out["answer to model, processor"] = learnt - told, person.processor - worked
        held = person.take()
        while not person.chosen(held):
            person.answer(held)
            held = person.take()
        out["model to item"] = person.now - learnt
        took = []
        for _ in range(warm):
            while held["role"] == "validation":  # those train no model
                person.answer(held)
                held = person.take()
            person.until(lambda p: p["trainer"]["state"] == "idle")
            trained = person.client.project()["model"]
            person.answer(held)
            told = person.now
            took.append(person.until(partial(_newer, trained)) - told)
            held = person.take()
        out["warm, median"], out["warm, slowest"] = statistics.median(took), max(took)
    return out


def _newer(model: dict[str, Any], project: dict[str, Any]) -> bool:
    """Whether the project's model has more labels."""
    return int(project["model"]["labels"]) > int(model["labels"])


def fast(folder: Path, kind: str, items: int) -> dict[str, float]:
    """Who answers twice a second from the first item on."""
    with Person(folder, kind, items) as person:
        while True:
            held = person.take()
            if person.chosen(held):
                return {"fast person, s": person.now, "fast person, items": person.answers}
            due = time.monotonic() + 0.5
            person.answer(held)
            time.sleep(max(due - time.monotonic(), 0.0))


def _texts(folder: Path, items: int) -> Path:
    """A CSV of generated texts; the word that tells the class stands in each."""
    words = [f"word{k}" for k in range(2_000)]
    rng = np.random.default_rng(0)
    path = folder / "texts.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("id,text\n")
        for k in range(items):
            drawn = " ".join(words[w] for w in (2_000 * rng.random(30) ** 3).astype(int))
            file.write(f"i{k},the {_CLASSES[k % 2]} and {drawn}\n")
    return path


def _pictures(folder: Path, items: int) -> Path:
    """A folder of small PNG files: stripes along or across, under noise."""
    from PIL import Image

    rng = np.random.default_rng(0)
    path = folder / "pictures"
    path.mkdir()
    for k in range(items):
        stripes = np.sin(np.arange(32) / (2.0 + rng.random()))[:, None] * np.ones(32)
        pixels = 128 + 60 * (stripes.T if k % 2 else stripes)[..., None] + 30 * rng.standard_normal((32, 32, 3))
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path / f"{_CLASSES[k % 2]}-{k}.png")
    return path


def main() -> int:
    """Measure and print; 1 if at 10,000 items the first one took over 10 s, or a model over 2 s after its answer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--kind", nargs="+", choices=["text", "image"], default=["text", "image"])
    parser.add_argument("--warm", type=int, default=20)
    parser.add_argument("--short", action="store_true", help="300 items, 3 warm answers")
    options = parser.parse_args()
    items, warm = (300, 3) if options.short else (options.items, options.warm)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and the server ends too
    slow = []
    for kind in options.kind:
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            found = {**patient(Path(one), kind, items, warm), **fast(Path(two), kind, items)}
        print(f"{items:,} items ({kind}); load average {os.getloadavg()[0]:.1f}")
        for name, value in found.items():
            print(f"  {name:<26} {value:7.2f}", flush=True)
        slow += [
            f"{kind}: {name} {found[name]:.2f} s, more than {most:g}"
            for name, most in BARS.items()
            if found[name] > most
        ]
    print("\n".join(slow))
    return 1 if slow and items >= 10_000 else 0


if __name__ == "__main__":
    sys.exit(main())
