"""Labelling for long, with random steps: python tests/desk_run.py --steps 1000000; from threads: --threads 50.

One thread: each step is done to a project and to the slow model of `desk_world.World`, and all is compared. Many threads:
clients of several people take, answer, repeat, undo and give back through one writer, and the journal is read at the end.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from desk_world import MEMORY, World
from querist.core.errors import StateError
from querist.data.record import Record
from querist.server.desk import Post, Receipt
from querist.server.project import Project
from querist.server.task import Task


def walk(folder: Path, steps: int, seed: int, *, check_all: int = 1) -> None:
    """Random steps on a new project; raises AssertionError with the last ones where something does not hold."""
    rng = random.Random(seed)
    world = World(folder, 1 + rng.randrange(12), seed=seed, check_all=check_all)
    done: list[tuple[str, int, int, int]] = []
    try:
        for _ in range(steps):
            done.append((rng.choice(World.STEPS), *(rng.randrange(1000) for _ in range(3))))  # type: ignore[arg-type]
            world.step(*done[-1])
        world.check()
        world.check_refold()
        world.check_journal()
    except BaseException as error:
        raise AssertionError(f"seed {seed}, step {len(done)}: {error}; the last steps were {done[-5:]}") from error
    finally:
        world.close()


class Client(threading.Thread):
    """One person in one tab, in a hurry."""

    def __init__(self, project: Project, number: int, steps: int) -> None:
        super().__init__(name=f"client {number}")
        self.project, self.number, self.steps = project, number, steps
        self.person, self.tab = f"p{number % 20}", f"t{number}"
        self.receipts: list[tuple[str, Receipt]] = []
        self.problem: BaseException | None = None

    def run(self) -> None:
        """Label."""
        try:
            self._label()
        except BaseException as error:
            self.problem = error

    def _label(self) -> None:
        rng, desk, do = random.Random(self.number), self.project.desk, self.project.writer.do
        for k in range(self.steps):
            handed = do(lambda work: desk.take(work, self.person, 2, tab=self.tab))
            if not handed:
                return
            for n, one in enumerate(handed):
                what = rng.random()
                if what < 0.1:
                    do(lambda work, one=one: desk.give_back(work, self.person, [one.query]))  # type: ignore[misc]
                    continue
                kind = rng.choice(["label", "label", "skip", "reject"])
                value = rng.choice("ab") if kind == "label" else None
                post = Post(f"{self.number}-{k}-{n}", one.query, one.fence, one.item, kind, value)
                for _ in range(2 if what < 0.3 else 1):
                    receipt = do(lambda work, post=post: desk.answer(work, self.person, post))  # type: ignore[misc]
                self.receipts.append((post.item, receipt))
                if what > 0.95:
                    with contextlib.suppress(StateError):  # another tab of this person has taken it back
                        do(lambda work: desk.undo(work, self.person, tab=self.tab))


def crowd(folder: Path, clients: int, steps: int, items: int) -> Counter[str]:
    """Clients at once; what the journal says afterwards is compared with what they were told."""
    records = (Record(id=f"i{k}", text=f"text {k}") for k in range(items))
    task = Task("single", ("a", "b"))
    with Project.make(folder, records, task=task, modality="text", name="made") as project:
        threads = [Client(project, k, steps) for k in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for thread in threads:
            if thread.problem is not None:
                raise thread.problem
        told = {e.seq: e.payload["answers"][0]["item"] for e in project.store.read("main") if e.kind == "told"}
        late = {e.seq for e in project.store.read("main") if e.kind == "late"}
        receipts = [r for thread in threads for r in thread.receipts]
        assert Counter(r.seq for _, r in receipts) == Counter([*told, *late]), "each answer is in the journal once"
        assert all(told[r.seq] == item for item, r in receipts if r.counted)
        held: dict[str, str] = {}
        for event in project.store.read("main"):  # nobody is handed what somebody holds
            for item in event.payload.get("items", ()) if event.kind in ("asked", "returned", "undone") else ():
                if event.kind == "asked":
                    assert item not in held, f"{item} went out twice"
                    held[item] = event.payload["query"]
                else:
                    assert held.pop(item) == event.payload["query"]
        return Counter(e.kind for e in project.store.read("main"))


def main(argv: list[str]) -> int:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--each", type=int, default=200, help="steps on one project")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    start, done = time.monotonic(), 0
    if args.threads:
        with tempfile.TemporaryDirectory() as folder:
            each = args.steps // args.threads
            print(dict(crowd(Path(folder) / "p", args.threads, each, 2 * args.steps)))
        print(f"{args.threads} threads, 0 violations, {time.monotonic() - start:.0f} s")
        return 0
    while done < args.steps:
        with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
            walk(Path(folder) / "p", min(args.each, args.steps - done), args.seed + done)
        done += min(args.each, args.steps - done)
        if done % 10_000 < args.each:
            print(f"{done:,} steps, 0 violations, {time.monotonic() - start:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
