"""Starts `querist serve` as people do, in a process of its own, for scripts that kill it, load it or listen to it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from querist.data.record import Record
from querist.server.client import Client
from querist.server.project import Project
from querist.server.task import Task

__all__ = ["LabelServer", "answer_all", "free_port", "made", "memory", "open_files", "texts", "trainer_of"]

_START = 60.0
_PROC = Path("/proc")


def free_port() -> int:
    """A port of the loopback that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def texts(count: int, labels: int = 0) -> Iterable[Record]:
    """Generated texts about two things, told apart by their words; the first ``labels`` come with their label."""
    words = {"cat": ("purr", "whisker", "meow", "claw"), "dog": ("bark", "leash", "fetch", "howl")}
    for k in range(count):
        name = "cat" if k % 2 else "dog"
        mine = words[name]
        text = f"{mine[k % 4]} {mine[k // 4 % 4]} and {mine[k // 16 % 4]}, note {k}"
        yield Record(id=f"i{k}", text=text, labels=[{"kind": "label", "value": name}] if k < labels else [])


def made(folder: Path, records: Iterable[Record], **settings: Any) -> Path:
    """A project of two classes, made and closed."""
    task = Task("single", ("cat", "dog"))
    with Project.make(folder, records, task=task, modality="text", name="generated", settings=settings or None):
        return folder


def memory(pid: int | str = "self", what: str = "VmHWM") -> int:
    """Bytes of resident memory of a process on Linux: at most so far (VmHWM) or now (VmRSS); 0 when it is gone."""
    try:
        lines = (_PROC / str(pid) / "status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith(what)), 0)


def open_files(pid: int) -> int:
    """How many files and sockets a process has open."""
    return len(os.listdir(_PROC / str(pid) / "fd"))


class _Started(Protocol):
    @property
    def process(self) -> subprocess.Popen[str]: ...


def trainer_of(server: _Started) -> int | None:
    """The process number of this server's own trainer, or None while there is none."""
    for task in (_PROC / str(server.process.pid) / "task").iterdir():
        with contextlib.suppress(OSError):
            for child in (task / "children").read_text(encoding="ascii").split():
                if b"querist.server.trainer" in (_PROC / child / "cmdline").read_bytes():
                    return int(child)
    return None


class LabelServer:
    """One server process and its owner's session.

    Args:
        project: folder.
        port: to listen on; the same one after a restart keeps a browser's address.
        session: of an earlier process, or None to use the one-time link.
        more: further arguments of the command.
        prefix: a command that runs it, such as strace with its arguments.
        run: what Python runs in place of the package.

    Raises:
        RuntimeError: it ended, or gave no link.
    """

    def __init__(
        self,
        project: Path,
        *,
        port: int,
        session: str | None = None,
        more: Iterable[str] = (),
        prefix: Iterable[str] = (),
        run: Iterable[str] = ("-m", "querist"),
    ) -> None:
        command = [*prefix, sys.executable, *run, "serve", str(project), "--port", str(port), "--no-browser"]
        self.process = subprocess.Popen(
            [*command, *more], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
        )
        self.link = self._first_link()
        self.session = session if session is not None else str(Client(self.link, patience=20.0).session)

    def _first_link(self) -> str:
        assert self.process.stdout is not None
        timer = threading.Timer(_START, self.kill)
        timer.start()
        try:
            for line in self.process.stdout:
                found = next((word for word in line.split() if "/open#" in word), None)
                if found is not None:
                    return found
        finally:
            timer.cancel()
        code = self._wait(10)
        raise RuntimeError(f"the server gave no link within {_START:g} s, or ended (code {code})")

    def client(self, **more: Any) -> Client:
        """Another program of the same person."""
        return Client(self.link.partition("/open")[0], session=self.session, **more)

    def ended(self, seconds: float) -> bool:
        """Whether it has ended by itself, waiting at most so long."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        return self.process.poll() is not None

    def kill(self) -> None:
        """End all its processes at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self._wait(10)

    def stop(self) -> int:
        """Ask it to end, as a service manager does; its exit code."""
        os.killpg(self.process.pid, signal.SIGTERM)
        return self._wait(60)

    def _wait(self, seconds: float) -> int:
        code = self.process.wait(seconds)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


def answer_all(server: LabelServer, posts: int) -> None:
    """About so many answers by four clients at once; each takes five items at a time."""

    def person(k: int) -> None:
        client = server.client(patience=60.0, timeout=60.0)
        client.tab = f"t{k}"
        done = 0
        while done < posts // 4:
            for handed in client.next(5):
                client.answer(handed, "label", "cat", key=str(uuid.uuid4()))
                done += 1

    threads = [threading.Thread(target=person, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
