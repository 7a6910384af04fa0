"""The trainer's process as the supervisor sees it: its lines, its last words, how it ended, and its end."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

from querist.server.limits import Limits, lower

__all__ = ["Child", "Inbox"]

Inbox = queue.Queue[tuple[str, Any]]
"""Takes ("line", (child, bytes)) for each line, and ("gone", (child, None)) once when its output ends."""

_LONGEST_LINE = 1 << 16
_LAST_WORDS = 4_000
_GRACE = 2.0
"""Seconds between telling a trainer to end and killing it."""
_WHY = {
    "SIGKILL": "killed, perhaps for want of memory",
    "SIGSEGV": "a segmentation fault",
    "SIGXFSZ": "it wrote a file larger than allowed",
}


class Child:
    """One started trainer, in a process group of its own.

    Args:
        command: what is started.
        limits: set right after the start.
        inbox: where its lines go.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, command: Sequence[str], limits: Limits, inbox: Inbox) -> None:
        self._inbox = inbox
        self._words = b""
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env=_environment(),
        )
        lower(self._process.pid, limits)
        for target, stream in ((self._read, self._process.stdout), (self._listen, self._process.stderr)):
            threading.Thread(target=target, args=(stream,), daemon=True, name="trainer lines").start()

    @property
    def last_words(self) -> str:
        """The end of what it wrote to its error output."""
        return self._words.decode("utf-8", "replace")

    def send(self, line: Mapping[str, Any]) -> bool:
        """Write one line to it; False when it is gone, which the inbox says too."""
        pipe = self._process.stdin
        try:
            assert pipe is not None
            pipe.write(json.dumps(line).encode() + b"\n")
            pipe.flush()
        except OSError:
            return False
        return True

    def gone(self) -> str:
        """How it ended, once its output has."""
        try:
            code = self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            return "it closed its output and did not end"
        if code >= 0:
            return f"it ended with exit code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"it was ended by {name} ({_WHY.get(name, 'killed')})"

    def end(self) -> None:
        """End it with all that it started: close, tell, kill; nothing is left behind."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        for what in (signal.SIGTERM, signal.SIGKILL):
            self._signal(what)
            try:
                self._process.wait(_GRACE)
                break
            except subprocess.TimeoutExpired:
                continue
        self._signal(signal.SIGKILL)  # children that outlived it

    def _signal(self, what: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, what)

    def _read(self, stream: IO[bytes]) -> None:
        """Lines into the inbox; one that does not end is cut off and is a line too."""
        with stream, suppress(OSError, ValueError):
            while raw := stream.readline(_LONGEST_LINE):
                self._inbox.put(("line", (self, raw)))
                while self._inbox.qsize() > 1_000:  # a trainer gone mad fills no memory
                    time.sleep(0.01)
        self._inbox.put(("gone", (self, None)))

    def _listen(self, stream: IO[bytes]) -> None:
        with stream, suppress(OSError, ValueError):
            while piece := stream.read1(4096):  # type: ignore[attr-defined]
                self._words = (self._words + piece)[-_LAST_WORDS:]


def _environment() -> dict[str, str]:
    """The surroundings of the trainer: one thread a library, and no hub."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**os.environ, **one, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONUNBUFFERED": "1"}
