"""Back a labelling project up while people label, restore it, and compare. A script: python tests/backup_label.py 100

The mark of a backup is the last event that it holds. Every answer acknowledged with an event up to the mark must be in the
restored project as it was told, and none with a later one; the doctor must find nothing wrong (promise R6).
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

from label_server import made, texts
from querist.data.record import Record
from querist.server.bring import bring
from querist.server.desk import Post
from querist.server.project import Project
from querist.storage.backup import backup
from querist.storage.doctor import doctor
from querist.storage.restore import restore

PEOPLE = 4
BACKUPS = 10
"""Backups of one project: it grows meanwhile, and each takes longer than the last."""


def campaign(times: int, seed: int = 0) -> tuple[int, int, list[str]]:
    """Backups made, `BACKUPS` of a project, answers acknowledged meanwhile, and what was wrong."""
    rng = random.Random(seed)
    acknowledged, wrong = 0, list[str]()
    for first in range(0, times, BACKUPS):
        numbers = range(first, min(first + BACKUPS, times))
        with tempfile.TemporaryDirectory() as name:
            acknowledged += _one_project(Path(name), numbers, rng, wrong)
        done = f"{numbers.stop} of {times} backups, {acknowledged:,} acknowledged, {len(wrong)} faults"
        print(done, file=sys.stderr, flush=True)
    return times, acknowledged, wrong


def _one_project(root: Path, numbers: range, rng: random.Random, wrong: list[str]) -> int:
    """Back a project up while people label and items come; how many answers were acknowledged."""
    acks: list[tuple[int, str, str]] = []
    stop = threading.Event()
    folder = made(root / "project", texts(400 * len(numbers) + 500), validation=0.0)
    with Project.open(folder) as project:

        def person(k: int) -> None:
            number = 0
            while not stop.is_set():
                for handed in project.writer.do(lambda w: project.desk.take(w, f"p{k}", 3)):
                    value = "cat" if (number + k) % 3 else "dog"
                    post = Post(f"{k}-{number}", handed.query, handed.fence, handed.item, "label", value)
                    receipt = project.writer.do(lambda w, p=post: project.desk.answer(w, f"p{k}", p))  # type: ignore[misc]
                    acks.append((receipt.seq, handed.item, value))
                    number += 1

        def importer() -> None:
            number = 0
            while not stop.is_set():
                more = [Record(id=f"late {number}-{j}", text=f"a late text, {number} {j}") for j in range(50)]
                bring(project, more, f"late {number}")
                number += 1
                time.sleep(0.1)

        threads = [threading.Thread(target=person, args=(k,)) for k in range(PEOPLE)]
        threads.append(threading.Thread(target=importer))
        for thread in threads:
            thread.start()
        try:
            for k in numbers:
                time.sleep(rng.uniform(0.05, 0.3))
                target = root / (f"b{k}.zip" if k % 2 else f"b{k}")
                mark = backup(folder, target).streams["main"]
                wrong += compare(target, root / f"restored {k}", mark, list(acks), k)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    return len(acks)


def compare(target: Path, folder: Path, mark: int, acks: list[tuple[int, str, str]], k: int) -> list[str]:
    """What is wrong with one backup, given what was acknowledged by the time it was done."""
    restore(target, folder)
    wrong = [f"backup {k}: {f.what}" for f in doctor(folder) if f.severity == "error"]
    with Project.open(folder) as project:
        rows = project.writer.do(
            lambda w: w.connection.execute("SELECT id, value FROM item WHERE state = 'labelled'").fetchall()
        )
        kept = {item: value.strip('"') for item, value in rows}
        told = {item: value for seq, item, value in acks if seq <= mark}
        late = {item for seq, item, _ in acks if seq > mark}
        wrong += [f"backup {k}: {i} is {kept.get(i)}, told {v}" for i, v in told.items() if kept.get(i) != v]
        wrong += [f"backup {k}: {i} was told later" for i in late & kept.keys()]
        missing = [i for i in kept if i not in project.items]
        wrong += [f"backup {k}: the content of {i} is missing" for i in missing]
    return wrong


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("times", type=int, nargs="?", default=100)
    options = parser.parse_args()
    times, acks, wrong = campaign(options.times)
    print(f"{times} backups while {acks} answers were acknowledged: {len(wrong)} faults")
    for line in wrong[:20]:
        print(line)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
