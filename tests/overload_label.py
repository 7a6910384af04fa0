"""Overload a labelling server: ten times too many posts, sockets that say nothing, heads that never end.

A script for Linux: python tests/overload_label.py. While 640 clients post as fast as they can, 500 sockets send a byte of a
request now and then, and 1,000 are opened and say nothing, a person labels on: their p99 must stay under 1 s; what is
refused must be refused with 503 or 429 and Retry-After; the server's memory must stay under 1.5 times what it holds at rest
plus its limits; and 10 s after the flood it must be as quick as before (promise R32).
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import socket
import sys
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from label_server import LabelServer, free_port, made, memory, open_files, texts
from querist.core.errors import QueristError
from querist.server.client import Client

P99 = 1.0
BACK = 10.0
LIMITS = 700 * (64 << 10)
"""Bytes of heads that may be waiting: connections times the longest head."""


@dataclass
class Outcome:
    """What came of a flood."""

    idle_bytes: int = 0
    most_bytes: int = 0
    after_files: int = 0
    idle_files: int = 0
    before: list[float] = field(default_factory=list)
    during: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    bare: int = 0
    failed: list[str] = field(default_factory=list)
    back: float = 0.0

    def faults(self) -> list[str]:
        """What was not kept."""
        out = list(self.failed)
        if np.quantile(self.during, 0.99) > P99:
            out.append(f"the healthy client's p99 was {np.quantile(self.during, 0.99):.2f} s")
        if self.most_bytes > 1.5 * self.idle_bytes + LIMITS:
            out.append(f"memory rose from {self.idle_bytes >> 20} to {self.most_bytes >> 20} MiB")
        if self.bare:
            out.append(f"{self.bare} refusals had no Retry-After")
        if self.back > BACK:
            out.append(f"it was back to normal after {self.back:.1f} s only")
        return out


def flood(address: str, session: str, clients: int, seconds: float) -> tuple[dict[str, int], int]:
    """Posts by many clients: how often each status came, and refusals without Retry-After."""
    statuses: dict[str, int] = {}
    bare = [0]
    mutex = threading.Lock()
    until = time.monotonic() + seconds
    port = int(address.rpartition(":")[2])
    headers = {"Origin": address, "Cookie": f"querist-{port}={session}", "Content-Type": "application/json"}

    def person(k: int) -> None:
        body = json.dumps({"count": 1, "have": [], "tab": f"flood-{k}"})
        while time.monotonic() < until:
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=30.0)
            try:
                line.request("POST", "/api/v1/next", body, headers)
                reply = line.getresponse()
                reply.read()
                said, lacks = str(reply.status), reply.status in (429, 503) and not reply.getheader("Retry-After")
            except (OSError, http.client.HTTPException) as error:
                said, lacks = type(error).__name__, False
                time.sleep(0.05)
            finally:
                line.close()
            with mutex:
                statuses[said] = statuses.get(said, 0) + 1
                bare[0] += lacks

    threads = [threading.Thread(target=person, args=(k,)) for k in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses, bare[0]


def creep(port: int, slow: int, silent: int, seconds: float) -> None:
    """Sockets that send a byte now and then, and sockets that send nothing, opened again when they are closed."""
    until = time.monotonic() + seconds
    sockets: list[socket.socket | None] = [None] * (slow + silent)
    head = b"POST /api/v1/answers HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + b"b" * 1_000
    sent = [0] * len(sockets)
    while time.monotonic() < until:
        for k, one in enumerate(sockets):
            with contextlib.suppress(OSError):
                if one is None:
                    one = sockets[k] = socket.create_connection(("127.0.0.1", port), timeout=1.0)
                    one.setblocking(False)
                    sent[k] = 0
                if k < slow:
                    one.send(head[sent[k] : sent[k] + 1])
                    sent[k] += 1
                if one.recv(1 << 12) == b"":
                    raise ConnectionResetError
            if one is not None and _ended(one):
                one.close()
                sockets[k] = None
        time.sleep(0.2)
    for one in sockets:
        if one is not None:
            one.close()


def _ended(one: socket.socket) -> bool:
    try:
        return one.recv(1 << 12, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def label(client: Client, times: list[float], failed: list[str]) -> None:
    """A healthy person's item and answer."""
    before = time.monotonic()
    try:
        (handed,) = client.next(1)
        client.answer(handed, "label", "cat", key=str(uuid.uuid4()))
    except (QueristError, ValueError) as error:
        failed.append(f"the healthy client was refused: {type(error).__name__} {error}")
        time.sleep(0.2)
    times.append((time.monotonic() - before) / 2)


def campaign(*, clients: int = 640, slow: int = 500, silent: int = 1_000, seconds: float = 20.0) -> Outcome:
    """One flood, with what was before and what came after."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory() as folder:
        items = 5_000 + int(800 * seconds)
        project = made(Path(folder) / "project", texts(items), validation=0.0, lease=10.0)
        server = LabelServer(project, port=free_port(), more=("--no-trainer",))
        try:
            client = server.client(patience=0.0, timeout=30.0)
            for _ in range(50):
                label(client, outcome.before, outcome.failed)
            pid = server.process.pid
            outcome.idle_bytes, outcome.idle_files = memory(pid, "VmRSS"), open_files(pid)
            _under_flood(server, client, outcome, clients, slow, silent, seconds)
            began = time.monotonic()
            usual = 3 * float(np.median(outcome.before)) + 0.02
            while time.monotonic() - began < 3 * BACK:
                some: list[float] = []
                for _ in range(5):
                    label(client, some, outcome.failed)
                outcome.after += some
                outcome.after_files = open_files(pid)
                if np.median(some) <= usual and outcome.after_files <= outcome.idle_files + 5:
                    break
            outcome.back = time.monotonic() - began
            if server.stop():
                outcome.failed.append("the server did not end well")
        finally:
            if server.process.poll() is None:
                server.kill()
    return outcome


def _under_flood(
    server: LabelServer, client: Client, outcome: Outcome, clients: int, slow: int, silent: int, seconds: float
) -> None:
    address = client.address
    port = int(address.rpartition(":")[2])
    context = get_context("spawn")
    with context.Pool(2) as pool:
        floods = pool.apply_async(flood, (address, server.session, clients, seconds))
        creeps: Any = pool.apply_async(creep, (port, slow, silent, seconds))
        while not (floods.ready() and creeps.ready()):
            label(client, outcome.during, outcome.failed)
            outcome.most_bytes = max(outcome.most_bytes, memory(server.process.pid, "VmRSS"))
            time.sleep(0.05)
        outcome.statuses, outcome.bare = floods.get()
        creeps.get()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=640)
    parser.add_argument("--slow", type=int, default=500)
    parser.add_argument("--silent", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    outcome = campaign(clients=options.clients, slow=options.slow, silent=options.silent, seconds=options.seconds)
    for name in ("before", "during", "after"):
        ms = 1000 * np.asarray(getattr(outcome, name))
        print(f"{name}: p50 {np.median(ms):.0f}, p99 {np.quantile(ms, 0.99):.0f}, worst {ms.max():.0f} ms ({len(ms)})")
    print(
        f"memory {outcome.idle_bytes >> 20} MiB at rest, {outcome.most_bytes >> 20} MiB at most; "
        f"files {outcome.idle_files} before, {outcome.after_files} after; back to normal after {outcome.back:.1f} s; "
        f"the flood got {dict(sorted(outcome.statuses.items()))}; load average {os.getloadavg()[0]:.1f}"
    )
    faults = outcome.faults()
    for line in faults[:20]:
        print(line)
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
