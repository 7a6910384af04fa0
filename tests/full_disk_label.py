"""Fill the disk under a running labelling server, and give the space back. For Linux: python tests/full_disk_label.py 20

Eight scenarios, each so many times: answer, hand-out, commit cut short, checkpoint, import, export, log-in, model save.
While there is no space, what writes must be refused with 507 and the code DiskFull, and reads must go on; within 5 s of the
space coming back it must work again, without a restart; at the end the journal must hold every acknowledged answer and none
that was refused, and the doctor must find nothing wrong (promise R3).

The disk is a tmpfs of 64 MiB where one can be mounted (by root), filled to the last byte; elsewhere, or with --limit, the
server's largest file size is set from outside, so that its writes fail in the same places.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from label_server import LabelServer, free_port, made, texts, trainer_of
from querist.core.errors import QueristError
from querist.server.client import Client
from querist.storage.doctor import doctor

BACK = 5.0
_SIZE = 64 << 20
_ROOM = 2_000


@dataclass
class Outcome:
    """What came of a campaign."""

    done: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    acknowledged: int = 0
    slowest_back: float = 0.0


class Disk:
    """The disk of a project, which can be filled.

    Args:
        folder: of the project.
        mounted: whether it is a file system of its own.
    """

    def __init__(self, folder: Path, mounted: bool) -> None:
        self.folder, self.mounted = folder, mounted
        self._ballast = folder.parent / "ballast"
        self._pid = 0

    def belongs_to(self, pid: int) -> None:
        """Its writer."""
        self._pid = pid

    @contextlib.contextmanager
    def full(self) -> Iterator[None]:
        """No byte can be written."""
        if not self.mounted:
            with limited(self._pid, 0):
                yield
            return
        with contextlib.suppress(OSError), self._ballast.open("wb", buffering=0) as out:
            while out.write(bytes(1 << 16)):
                pass
        try:
            yield
        finally:
            self._ballast.unlink()


@contextlib.contextmanager
def limited(pid: int, size: int) -> Iterator[None]:
    """A process may write no file beyond ``size`` bytes."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):  # a trainer that failed was started anew
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


class Campaign:
    """One server on one disk.

    Args:
        server: running, with a trainer.
        disk: of its project.
        seed: of the places where commits are cut.
    """

    def __init__(self, server: LabelServer, disk: Disk, seed: int = 0) -> None:
        self.server, self.disk = server, disk
        self.client: Client = server.client(patience=0.0, timeout=30.0)
        self.rng = random.Random(seed)
        self.outcome = Outcome()
        self.acked: dict[str, str] = {}
        self.refused: set[str] = set()
        self.number = 0

    def run(self, name: str) -> None:
        """One scenario once."""
        self._name = name
        getattr(self, "_" + name.replace(" ", "_").replace("-", "_"))()
        self.outcome.done[name] = self.outcome.done.get(name, 0) + 1

    # -- scenarios -----------------------------------------------------------------------------------------------------

    def _answer(self) -> None:
        (handed,) = self.client.next(1)
        with self.disk.full():
            self._is_refused(lambda: self.client.flag(handed["item"]["id"], note="x" * 2_000), _ROOM)
            self._is_refused(lambda: self._label(handed))
            self._reads()
        self._works(lambda: self._label(handed))

    def _hand_out(self) -> None:
        (handed,) = self.client.next(1)
        with self.disk.full():
            self._is_refused(lambda: self.client.flag(handed["item"]["id"], note="x" * 2_000), _ROOM)
            self._is_refused(lambda: self.client.next(1, [handed["query"]]))
            self._reads()
        self._works(lambda: self._label(handed))

    def _commit_cut_short(self) -> None:
        held = self.client.next(10)
        log = self.disk.folder / "journal.db-wal"
        with limited(self.server.process.pid, log.stat().st_size + self.rng.randrange(12_000)):
            while held:
                with contextlib.suppress(QueristError):
                    self._label(held[0])
                    held.pop(0)
                    continue
                break
            if held:
                self._is_refused(lambda: self._label(held[0]))
            self._reads()
        for handed in held:
            self._works(lambda h=handed: self._label(h))  # type: ignore[misc]

    def _checkpoint(self) -> None:
        """The log may grow to a point and the file itself not at all, so that taking the log into the file fails."""
        held: list[dict[str, Any]] = []
        size = (self.disk.folder / "journal.db").stat().st_size
        with limited(self.server.process.pid, min(size, 2 << 20)):
            for _ in range(40):
                try:
                    held = held or self.client.next(10)
                    self._label(held[0])
                    held.pop(0)
                except QueristError as error:
                    self._check(error)
            self._reads()
        self._works(lambda: self._label((held or self.client.next(1))[0]))

    def _import(self) -> None:
        self.number += 1
        rows = "".join(json.dumps({"id": f"n{self.number}-{k}", "text": f"a new text {k}"}) + "\n" for k in range(300))
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "more.jsonl"
            file.write_text(rows, encoding="utf-8")
            before = self.client.project()["items"]
            with self.disk.full():
                self._is_refused(lambda: self.client.import_file(file))
                self._reads()
                if self.client.project()["items"] != before:
                    self._wrong("a part of a refused import was taken")
            self._works(lambda: self.client.import_file(file))
            if self.client.project()["items"] != before + 300:
                self._wrong("the import after the refused one did not take all items")

    def _export(self) -> None:
        with self.disk.full():
            self._is_refused(lambda: self.client.export("jsonl", all=True))
            self._reads()
        self._works(lambda: self.client.export("jsonl"))

    def _log_in(self) -> None:
        """A session is kept in memory when it cannot be kept on the disk."""
        with self.disk.full():
            other = Client(self.client.link(), patience=0.0)
            other.project()
            self._reads()
        self._works(lambda: other.project())

    def _model_save(self) -> None:
        """The trainer cannot write: its failure is told, labelling goes on, the model of before stays; later it trains."""
        before = self._model()
        pid = self._trainer()
        with limited(pid, 0):
            until = time.monotonic() + 60
            reason = None
            while reason is None and time.monotonic() < until:
                self._label(self.client.next(1)[0])
                now = self.client.project()
                reason = now["trainer"]["reason"]
                time.sleep(0.05)
            if reason is None or ("space" not in reason and "disk" not in reason.lower()):
                self._wrong(f"the status gave as reason {reason!r}")
            if before is not None and self._model() is None:
                self._wrong("the model of before is gone")
        until, known = time.monotonic() + 90, self._model()
        while self._model() == known and time.monotonic() < until:
            self._label(self.client.next(1)[0])
            time.sleep(0.1)
        if self._model() == known:
            self._wrong("no model came after there was space again")

    # -- what is checked -----------------------------------------------------------------------------------------------

    def _label(self, handed: dict[str, Any]) -> None:
        item, value = handed["item"]["id"], self.rng.choice(("cat", "dog"))
        try:
            reply = self.client.label(handed, value)
        except QueristError:
            self.refused.add(item)
            raise
        assert reply["counted"], reply
        self.acked[item] = value
        self.refused.discard(item)

    def _is_refused(self, call: Callable[[], Any], tries: int = 1) -> None:
        """It is refused by name; the first few may find room in the log that is there already, and are truly taken."""
        for _ in range(tries):
            try:
                call()
            except QueristError as error:
                self._check(error)
                return
        self._wrong("it was taken, though there was no space")

    def _check(self, error: QueristError) -> None:
        if error.code != "DiskFull":
            self._wrong(f"it was refused with {error.code}: {error}")

    def _reads(self) -> None:
        calls: dict[str, Callable[[], Any]] = {
            "project": self.client.project,
            "panel": self.client.panel,
            "items": lambda: self.client._get("/items?limit=20"),
            "item": lambda: self.client.item("i0"),
        }
        for name, call in calls.items():
            try:
                call()
            except QueristError as error:
                self._wrong(f"reading {name} failed: {error}")

    def _works(self, call: Callable[[], Any]) -> None:
        began = time.monotonic()
        while True:
            try:
                call()
                break
            except QueristError as error:
                if time.monotonic() - began > BACK:
                    self._wrong(f"it does not work {BACK:g} s after there was space again: {error}")
                    return
                time.sleep(0.05)
        self.outcome.slowest_back = max(self.outcome.slowest_back, time.monotonic() - began)

    def _model(self) -> int | None:
        model = self.client.project()["model"]
        return None if model is None else int(model["round"])

    def _trainer(self) -> int:
        """The trainer that runs, once the server has given it its limits: it would lift ours again."""
        for _ in range(300):
            pid = trainer_of(self.server)
            if pid is not None and resource.prlimit(pid, resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY:
                return pid
            time.sleep(0.1)
        raise RuntimeError("there is no trainer")

    def _wrong(self, what: str) -> None:
        self.outcome.wrong.append(f"{self._name}: {what}")

    def end(self) -> None:
        """Stop the server and look at what it kept."""
        self._name = "at the end"
        code = self.server.stop()
        if code:
            self._wrong(f"the server ended with code {code}")
        with contextlib.closing(sqlite3.connect(self.disk.folder / "journal.db")) as connection:
            rows = connection.execute("SELECT id, value FROM item WHERE state = 'labelled'").fetchall()
        kept = {item: json.loads(value) for item, value in rows}
        self.outcome.acknowledged = len(self.acked)
        for item, value in self.acked.items():
            if kept.get(item) != value:
                self._wrong(f"{item} is {kept.get(item)}, and {value} was acknowledged")
        for item in self.refused & kept.keys():
            self._wrong(f"{item} was refused and is kept")
        for finding in doctor(self.disk.folder):
            if finding.severity == "error":
                self._wrong(finding.what)


SCENARIOS = ("answer", "hand-out", "commit cut short", "checkpoint", "import", "export", "log in", "model save")


@contextlib.contextmanager
def small_disk(mount: bool) -> Iterator[Path | None]:
    """A folder on a small disk of its own, or None where none can be mounted."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=0700", "tmpfs", folder]
        try:
            good = mount and subprocess.run(command, capture_output=True).returncode == 0
        except OSError:
            good = False
        try:
            yield Path(folder) if good else None
        finally:
            if good:
                subprocess.run(["umount", folder], check=True)


def campaign(times: int, *, mount: bool = True, scenarios: tuple[str, ...] = SCENARIOS, seed: int = 0) -> Outcome:
    """Each scenario so many times."""
    with small_disk(mount) as small, tempfile.TemporaryDirectory() as folder:
        root = small or Path(folder)
        project = made(root / "project", texts(1_500 + 150 * times), lease=86_400.0, validation=0.0)
        more = () if "model save" in scenarios else ("--no-trainer",)
        server = LabelServer(project, port=free_port(), more=more)
        disk = Disk(project, small is not None)
        disk.belongs_to(server.process.pid)
        run = Campaign(server, disk, seed)
        try:
            for name in scenarios:
                for _ in range(times):
                    run.run(name)
            run.end()
        finally:
            if server.process.poll() is None:
                server.kill()
        return run.outcome


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("times", type=int, nargs="?", default=20)
    parser.add_argument("--limit", action="store_true", help="a limit on file sizes, also where a disk can be mounted")
    options = parser.parse_args()
    outcome = campaign(options.times, mount=not options.limit)
    done = ", ".join(f"{name} {count}" for name, count in outcome.done.items())
    print(
        f"{done}; {outcome.acknowledged} acknowledged, {len(outcome.wrong)} faults; works again within "
        f"{outcome.slowest_back:.2f} s; load average {os.getloadavg()[0]:.1f}"
    )
    for line in outcome.wrong[:30]:
        print(line)
    sys.exit(bool(outcome.wrong))


if __name__ == "__main__":
    main()
