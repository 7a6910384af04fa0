"""Pictures for the page: never the user's file itself, always pixels that were read in a child process and written anew.

The results lie in ``pictures/`` of the project, named by a digest of where the file is, its size and its time of change,
so that a changed file is read again. A file that is refused is remembered with the reason and not tried again.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from querist.server.files import open_below
from querist.server.picture_process import KINDS

__all__ = ["Media", "PictureWorker", "Shown"]

SIDE = 2048
"""A picture that is longer than this many pixels is made smaller for the page."""
_WALL = 20.0
"""Seconds that one picture may take; the limit of 10 s on computing comes first."""
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Shown:
    """What is there for one picture.

    Args:
        path: the file to send, or None when the picture is refused.
        kind: its media type.
        width, height: pixels of the original, upright.
        why: why it is refused, or "".
        digest: names the content; for ``ETag``.
    """

    path: Path | None
    kind: str = ""
    width: int = 0
    height: int = 0
    why: str = ""
    digest: str = ""


class PictureWorker:
    """One child that decodes; started at the first picture, and again after it died. One call at a time."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None

    @property
    def pid(self) -> int | None:
        """Number of the child, when there is one."""
        return None if self._child is None else self._child.pid

    def convert(self, descriptor: int, to: Path, side: int) -> dict[str, Any]:
        """What the child says about the open file; a dead or silent child is a reason too, when a second one dies too."""
        said = self._ask(descriptor, to, side)
        if said.pop("again", False):
            said = self._ask(descriptor, to, side)
            said.pop("again", None)
        return said

    def _ask(self, descriptor: int, to: Path, side: int) -> dict[str, Any]:
        if self._child is None or self._child.poll() is not None:
            self._start()
        assert self._child is not None
        assert self._line is not None
        try:
            message = json.dumps({"to": str(to), "side": side}).encode()
            socket.send_fds(self._line, [message], [descriptor])
            answer = b""
            while not answer.endswith(b"\n"):
                part = self._line.recv(1 << 16)
                if not part:
                    raise ConnectionError
                answer += part
            return dict(json.loads(answer))
        except TimeoutError:
            self.stop()
            return {"why": f"not decoded within {_WALL:g} s"}
        except (OSError, ValueError):
            code = self._child.wait(5.0)
            self.stop()
            xcpu = getattr(signal, "SIGXCPU", None)
            if xcpu is not None and code == -xcpu:
                return {"why": "more than 10 s of computing to decode"}
            return {"why": f"the decoder died of it (exit status {code})", "again": True}

    def _start(self) -> None:
        self.stop()
        ours, theirs = socket.socketpair()
        with theirs:
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", "querist.server.picture_process", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        ours.settimeout(_WALL)
        self._line = ours

    def stop(self) -> None:
        """End the child."""
        if self._line is not None:
            self._line.close()
            self._line = None
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                self._child.kill()
            self._child.wait()
            self._child = None


class Media:
    """The pictures of one project.

    Args:
        root: folder below which the items' files lie.
        cache: folder of the results; made when it is not there.
        workers: children that decode at the same time.
    """

    def __init__(self, root: Path, cache: Path, workers: int = 2) -> None:
        self._root, self._cache = root, cache
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._all = [PictureWorker() for _ in range(workers)]
        self._free: queue.SimpleQueue[PictureWorker] = queue.SimpleQueue()
        for worker in self._all:
            self._free.put(worker)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="querist-pictures")
        self._known: OrderedDict[str, Shown] = OrderedDict()
        self._lock = threading.Lock()

    async def show(self, file: str) -> Shown:
        """The picture in ``file`` (below the root), read at first need; never raises for what the file holds."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self.show_now, file)

    def show_now(self, file: str) -> Shown:
        """As `show`, in this thread."""
        descriptor = open_below(self._root, file)
        if descriptor is None:
            return Shown(None, why="the file is not there any more, or cannot be read")
        try:
            facts = os.fstat(descriptor)
            key = f"{file}\0{facts.st_size}\0{facts.st_mtime_ns}"
            digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
            shown = self._look(digest)
            if shown is None:
                with self._one_worker() as worker:
                    said = worker.convert(descriptor, self._cache / digest, SIDE)
                self._note(digest, said)
                shown = self._shown(digest, said)
            self._remember(digest, shown)
            return shown
        finally:
            os.close(descriptor)

    def quarantined(self) -> dict[str, int]:
        """How many pictures were refused, by reason."""
        out: dict[str, int] = {}
        for note in self._cache.glob("*.json"):
            with contextlib.suppress(OSError, ValueError):
                why = json.loads(note.read_text(encoding="utf-8")).get("why")
                if why:
                    out[why] = out.get(why, 0) + 1
        return out

    def close(self) -> None:
        """End the children."""
        for worker in self._all:
            worker.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    @contextlib.contextmanager
    def _one_worker(self) -> Iterator[PictureWorker]:
        worker = self._free.get()
        try:
            yield worker
        finally:
            self._free.put(worker)

    def _look(self, digest: str) -> Shown | None:
        with self._lock:
            known = self._known.get(digest)
        if known is not None and (known.path is None or known.path.exists()):
            return known
        try:
            said = json.loads((self._cache / f"{digest}.json").read_text(encoding="utf-8"))
            shown = self._shown(digest, said)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return shown if shown.path is None or shown.path.exists() else None

    def _shown(self, digest: str, said: dict[str, Any]) -> Shown:
        if "why" in said:
            return Shown(None, why=str(said["why"]), digest=digest)
        return Shown(self._cache / digest, KINDS[said["kind"]], int(said["width"]), int(said["height"]), "", digest)

    def _note(self, digest: str, said: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # without the note the picture is read again, no more
            draft = self._cache / f"{digest}.{threading.get_ident()}.part"
            draft.write_text(json.dumps(said), encoding="utf-8")
            os.replace(draft, self._cache / f"{digest}.json")

    def _remember(self, digest: str, shown: Shown) -> None:
        with self._lock:
            self._known[digest] = shown
            self._known.move_to_end(digest)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
