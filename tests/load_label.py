"""Load on a running labelling server, with the trainer busy, hung or killed. A script: python tests/load_label.py

Closed loop: 10,000 posts from 64 clients (promise R31: at most 25 s, p99 at most 400 ms, none lost, doubled or refused).
Open loop: 200 posts a second for a while (promise R29: next item p99 at most 200 ms, post p99 at most 100 ms).
Clients run in processes beside the server, so on two cores they take their share.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import tempfile
import threading
import time
import uuid
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from label_server import LabelServer, free_port, made, texts, trainer_of
from querist.core.errors import QueristError
from querist.server.client import Client

Times = list[float]


def closed(address: str, session: str, posts: int, clients: int, name: str) -> tuple[Times, Times, list[str], int]:
    """Clients that post as fast as they are answered: seconds of posts and of asks, acknowledged items, refusals."""
    asks: Times = []
    answers: Times = []
    items: list[str] = []
    refused = [0]
    each = posts // clients

    def person(k: int) -> None:
        client = Client(address, session=session, patience=0.0)
        client.tab = f"{name}-{k}"
        done = 0
        while done < each:
            try:
                before = time.perf_counter()
                handed = client.next(min(10, each - done))
                asks.append(time.perf_counter() - before)
                if not handed:
                    return
                for one in handed:
                    before = time.perf_counter()
                    client.answer(one, "label", "cat" if k % 2 else "dog", key=str(uuid.uuid4()))
                    answers.append(time.perf_counter() - before)
                    items.append(one["item"]["id"])
                    done += 1
            except QueristError:
                refused[0] += 1
                if refused[0] > 1000:
                    return

    _run([threading.Thread(target=person, args=(k,)) for k in range(clients)])
    return answers, asks, items, refused[0]


def opened(address: str, session: str, rate: float, seconds: float, name: str) -> tuple[Times, Times, list[str], int]:
    """Posts at a given rate, whether the server keeps up or not: times count from when each was due."""
    asks: Times = []
    answers: Times = []
    items: list[str] = []
    refused = [0]
    people = 16
    start = time.perf_counter() + 0.5

    def person(k: int) -> None:
        client = Client(address, session=session, patience=0.0)
        client.tab = f"{name}-{k}"
        held: list[dict[str, Any]] = []
        number = k
        while number / rate < seconds:
            due = start + number / rate
            number += people
            try:
                if not held:
                    before = time.perf_counter()
                    held = client.next(10)
                    asks.append(time.perf_counter() - before)
                    if not held:
                        return
                time.sleep(max(due - time.perf_counter(), 0.0))
                one = held.pop(0)
                before = max(due, time.perf_counter() - 10.0)
                client.answer(one, "label", "cat", key=str(uuid.uuid4()))
                answers.append(time.perf_counter() - before)
                items.append(one["item"]["id"])
            except QueristError:
                refused[0] += 1

    _run([threading.Thread(target=person, args=(k,)) for k in range(people)])
    return answers, asks, items, refused[0]


def _run(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _apart(work: Any, *arguments: Any) -> Any:
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def said(name: str, times: Times) -> str:
    """Median, p99 and the worst, in ms."""
    if not times:
        return f"{name}: none"
    ms = 1000 * np.asarray(times)
    return f"{name}: p50 {np.median(ms):.1f}, p99 {np.quantile(ms, 0.99):.1f}, worst {ms.max():.1f} ms ({len(ms)})"


class Trouble(threading.Thread):
    """Makes the trainer of a server fail again and again, and notes when its status says why.

    Args:
        server: running, with a trainer.
        kind: "busy" (nothing is done to it), "hung" (stopped), "killed", or "crashed" (a segmentation fault).
    """

    def __init__(self, server: LabelServer, kind: str) -> None:
        super().__init__(daemon=True)
        self.server, self.kind = server, kind
        self.stopped = threading.Event()
        self.done, self.told, self.lost_models = 0, Times(), 0
        self._client = server.client(patience=5.0)

    def run(self) -> None:
        """Until `stopped` is set."""
        what = {"hung": signal.SIGSTOP, "killed": signal.SIGKILL, "crashed": signal.SIGSEGV}.get(self.kind)
        before = None
        while what is not None and not self.stopped.is_set():
            pid = trainer_of(self.server)
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, what)
                self.done += 1
                self._watch()
            model = self._client.project()["model"]
            self.lost_models += before is not None and (model is None or model["round"] < before["round"])
            before = model
            if self._client.project()["trainer"]["state"] == "paused":
                self._client.trainer("resume")
            self.stopped.wait(1.0)
        pid = trainer_of(self.server)
        if pid is not None and self.kind == "hung":
            os.kill(pid, signal.SIGCONT)

    def _watch(self) -> None:
        """How long it takes until the status has a reason; a trainer that hangs is found out when its patience ends."""
        began = time.monotonic()
        while time.monotonic() - began < 60 and not self.stopped.is_set():
            if self._client.project()["trainer"]["reason"]:
                self.told.append(time.monotonic() - began)
                return
            time.sleep(0.05)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--trainer", choices=["busy", "hung", "killed", "crashed"], default="busy")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        total = options.posts + int(200 * options.seconds) + 2_000
        project = made(Path(folder) / "project", texts(total), validation=0.0)
        server = LabelServer(project, port=free_port())
        try:
            address = server.link.partition("/open")[0]
            trouble = Trouble(server, options.trainer)
            trouble.start()
            answers, asks, first, bad = _apart(opened, address, server.session, 200.0, options.seconds, "open")
            print(f"open loop, 200/s for {options.seconds:g} s, trainer {options.trainer}: {bad} refused")
            print("  " + said("post", answers))
            print("  " + said("next", asks))
            before = time.perf_counter()
            answers, asks, second, worse = _apart(
                closed, address, server.session, options.posts, options.clients, "closed"
            )
            spent = time.perf_counter() - before
            print(f"closed loop, {len(answers)} posts, {options.clients} clients: {spent:.1f} s, {worse} refused")
            print("  " + said("post", answers))
            print("  " + said("next", asks))
            labelled = server.client().project()["labelled"]
            acknowledged = first + second
            doubled = len(acknowledged) - len(set(acknowledged))
            print(f"{len(acknowledged)} acknowledged, {labelled} labelled, {doubled} doubled")
            trouble.stopped.set()
            trouble.join(90)
            print(
                f"the trainer was {options.trainer} {trouble.done} times, {trouble.lost_models} models lost; reason told "
                f"after {max(trouble.told, default=0.0):.2f} s at most; load average {os.getloadavg()[0]:.1f}"
            )
            fine = not bad and not worse and not doubled and labelled == len(acknowledged) and not trouble.lost_models
        finally:
            server.stop()
        sys.exit(not fine)


if __name__ == "__main__":
    main()
