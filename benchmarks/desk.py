"""Take and answer through the one writer, from many threads: python benchmarks/desk.py --items 50000 1000000

Prints answers a second and the times of a take and of an answer as people wait for them (each is on the disk then); once
on a fresh project, and once where most items are labelled.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from querist.data.record import Record
from querist.server.desk import Post
from querist.server.project import Project
from querist.server.task import Task


def label(project: Project, number: int, steps: int, takes: list[float], answers: list[float]) -> None:
    """One person: takes an item, answers it."""
    person, desk, do = f"p{number}", project.desk, project.writer.do
    for k in range(steps):
        start = time.perf_counter()
        handed = do(lambda work: desk.take(work, person, 1))
        if not handed:
            return
        (one,) = handed
        middle = time.perf_counter()
        post = Post(f"{time.time_ns()}-{number}-{k}", one.query, one.fence, one.item, "label", "a", seconds=1.0)
        do(lambda work, post=post: desk.answer(work, person, post))  # type: ignore[misc]
        takes.append(middle - start)
        answers.append(time.perf_counter() - middle)


def crowd(project: Project, threads: int, steps: int) -> str:
    """All of them at once; the figures as a line."""
    takes: list[float] = []
    answers: list[float] = []
    people = [threading.Thread(target=label, args=(project, k, steps, takes, answers)) for k in range(threads)]
    start = time.perf_counter()
    for one in people:
        one.start()
    for one in people:
        one.join()
    took = time.perf_counter() - start
    times = ", ".join(
        f"{name} p50 {np.quantile(t, 0.5) * 1e3:.1f} p99 {np.quantile(t, 0.99) * 1e3:.1f} max {max(t) * 1e3:.0f} ms"
        for name, t in (("take", takes), ("answer", answers))
    )
    return f"{len(answers) / took:.0f} answers/s; {times}"


def inside(project: Project, steps: int) -> str:
    """The time of the work itself, all in one transaction: no thread and no disk in between."""
    desk, times = project.desk, np.zeros((2, steps))
    with project.store.transaction() as work:
        for k in range(steps):
            start = time.perf_counter()
            (one,) = desk.take(work, "alone", 1)
            middle = time.perf_counter()
            desk.answer(work, "alone", Post(f"{time.time_ns()}", one.query, one.fence, one.item, "label", "a"))
            times[:, k] = middle - start, time.perf_counter() - middle
    take, answer = np.median(times, axis=1) * 1e3
    return f"alone: take {take:.2f} ms, answer {answer:.2f} ms (median of {steps})"


def main(argv: list[str]) -> int:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="+", default=[50_000, 1_000_000])
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--steps", type=int, default=50, help="answers a thread")
    parser.add_argument(
        "--labelled", type=float, default=0.95, help="share that came with a label, in the second project"
    )
    parser.add_argument("--folder", default=None, help="where the projects lie")
    args = parser.parse_args(argv)
    for items in args.items:
        for share in (0.0, args.labelled):
            came = [{"kind": "label", "value": "b", "annotator": "file"}]
            records = (
                Record(id=f"item-{k}", text=f"a text of item {k}", labels=came if k < share * items else [])
                for k in range(items)
            )
            with tempfile.TemporaryDirectory(dir=args.folder) as folder:
                path, start = Path(folder) / "p", time.perf_counter()
                Project.make(path, records, task=Task("single", ("a", "b")), modality="text", name="made").close()
                made, start = time.perf_counter() - start, time.perf_counter()
                with Project.open(path) as project:
                    opened = time.perf_counter() - start
                    free = project.desk.pool.free
                    if free:
                        queue = [{"item": f"item-{items - 1 - k}", "score": 0.5, "reason": "r"} for k in range(200)]
                        project.promote({"round": 0, "labels": 0, "model": None}, queue, {})
                    print(f"{items:,} items, {free:,} free: made in {made:.1f} s, opened in {opened:.2f} s")
                    print(f"  {inside(project, min(300, free // 4))}")
                    print(f"  {args.threads} threads: {crowd(project, args.threads, args.steps)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
