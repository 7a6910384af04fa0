"""Load on a running labelling server, with the trainer at work, hung, killed or crashing: python tests/load_label.py

Closed loop: 10,000 posts from 64 clients (promise R31: at most 25 s, p99 at most 400 ms, none lost, doubled or refused).
Open loop: 200 posts a second for a while (promise R29: next item p99 at most 200 ms, post p99 at most 100 ms, its median at
most 15 ms). Why the trainer does not work must be told within 5 s. One server has each kind of trainer in turn. Load begins
when a first model is there; the answers start fits all the time, and how many there were and the share of time in which the
trainer was busy is told. Clients run in processes beside the server, so on two cores they take their share. The closed loop
is judged at its own size only: fewer posts or clients say nothing of the promise.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import signal
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from label_server import LabelServer, free_port, made, texts, trainer_of
from querist.core.errors import QueristError
from querist.server.client import Client

Times = list[float]
KINDS = ("busy", "killed", "crashed", "hung")
POSTS, CLIENTS = 10_000, 64
OPEN_POST, OPEN_MEDIAN, OPEN_NEXT = 0.1, 0.015, 0.2
CLOSED, CLOSED_POST = 25.0, 0.4
TOLD = 5.0
_LATE = 90.0
_SIGNALS = {"hung": signal.SIGSTOP, "killed": signal.SIGKILL, "crashed": signal.SIGSEGV}


def truth(handed: dict[str, Any]) -> str:
    """What a generated text is about, so that there is something to learn."""
    return "cat" if int(handed["item"]["id"][1:]) % 2 else "dog"


def closed(address: str, session: str, posts: int, clients: int, name: str) -> tuple[Times, Times, list[str], int]:
    """Clients that post as fast as they are answered: seconds of posts and of asks, acknowledged items, refusals."""
    asks: Times = []
    answers: Times = []
    items: list[str] = []
    refused = [0]

    def person(k: int) -> None:
        client = Client(address, session=session, patience=0.0)
        client.tab = f"{name}-{k}"
        each = posts // clients + (k < posts % clients)
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
                    client.answer(one, "label", truth(one), key=str(uuid.uuid4()))
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
                client.answer(one, "label", truth(one), key=str(uuid.uuid4()))
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


def _quantile(times: Times, share: float) -> float:
    """Endless where nothing was measured: what is not seen to hold does not hold."""
    return float(np.quantile(times, share)) if times else math.inf


def _above(what: str, seconds: float, most: float) -> str:
    return f"{what}: {1000 * seconds:.0f} ms, more than {1000 * most:.0f}" if seconds > most else ""


@dataclass
class Phase:
    """What came of one kind of trainer."""

    kind: str
    open_posts: Times = field(default_factory=list)
    open_asks: Times = field(default_factory=list)
    posts: Times = field(default_factory=list)
    asks: Times = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    refused: int = 0
    spent: float = 0.0
    fits: int = 0
    busy: float = 0.0
    troubled: int = 0
    told: Times = field(default_factory=list)
    lost_models: int = 0
    load: float = 0.0

    def slow(self, *, whole: bool = True) -> list[str]:
        """Which bounds do not hold.

        Args:
            whole: whether the closed loop had the size that its bounds are for.
        """
        held = [
            _above("open loop, post p99", _quantile(self.open_posts, 0.99), OPEN_POST),
            _above("open loop, post p50", _quantile(self.open_posts, 0.5), OPEN_MEDIAN),
            _above("open loop, next p99", _quantile(self.open_asks, 0.99), OPEN_NEXT),
        ]
        if whole:
            held += [
                _above("closed loop", self.spent, CLOSED),
                _above("closed loop, post p99", _quantile(self.posts, 0.99), CLOSED_POST),
            ]
        if self.kind != "busy":
            held.append(_above("reason told", max(self.told, default=math.inf), TOLD))
        return [f"trainer {self.kind}: {line}" for line in held if line]

    def lines(self) -> list[str]:
        """For people."""
        return [
            f"trainer {self.kind}: {self.fits} models, busy {self.busy:.0%} of the time; "
            + ("" if self.kind == "busy" else f"{self.kind} {self.troubled} times, ")
            + (f"reason told after {max(self.told):.2f} s at most, " if self.told else "")
            + f"{self.lost_models} models lost, {self.refused} refused, load average {self.load:.1f}",
            f"  open loop: {said('post', self.open_posts)}; {said('next', self.open_asks)}",
            f"  closed loop, {self.spent:.1f} s: {said('post', self.posts)}; {said('next', self.asks)}",
        ]


class Watch(threading.Thread):
    """Listens to what the trainer is at: how long it was busy, and how many models came.

    Args:
        server: running.
    """

    def __init__(self, server: LabelServer) -> None:
        super().__init__(daemon=True)
        self.stopped = False
        self.models, self._busy, self._since = 0, 0.0, 0.0
        self._client = server.client(patience=1.0)

    def run(self) -> None:
        """Until the server ends, or `stopped`."""
        while not self.stopped:
            with contextlib.suppress(QueristError, OSError):
                self._state(self._client.project()["trainer"]["state"])
                for event, data in self._client.events():
                    self.models += event == "model" and bool(data.get("labels"))
                    if event == "trainer":
                        self._state(data["state"])
            time.sleep(0.05)

    def _state(self, state: str) -> None:
        now = time.monotonic()
        if self._since:
            self._busy += now - self._since
        self._since = now if state == "busy" else 0.0

    @property
    def busy(self) -> float:
        """Seconds so far."""
        return self._busy + (time.monotonic() - self._since if self._since else 0.0)


class Trouble(threading.Thread):
    """Makes the trainer of a server fail again and again, and notes when its status says why.

    Args:
        server: running, with a trainer.
        phase: its kind says what is done; "busy" is nothing.
    """

    def __init__(self, server: LabelServer, phase: Phase) -> None:
        super().__init__(daemon=True)
        self.server, self.phase = server, phase
        self.stopped = threading.Event()
        self._client = server.client(patience=5.0)

    def run(self) -> None:
        """Until `stopped` is set."""
        what = _SIGNALS.get(self.phase.kind)
        before = self._client.project()["model"]
        while not self.stopped.is_set():
            if what is not None:
                self._strike(what)
            model = self._client.project()["model"]
            self.phase.lost_models += before is not None and (model is None or model["round"] < before["round"])
            before = model
            if self._client.project()["trainer"]["state"] == "paused":
                self._client.trainer("resume")
            self.stopped.wait(1.0)
        pid = trainer_of(self.server)
        if pid is not None and self.phase.kind == "hung":
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def _strike(self, what: signal.Signals) -> None:
        pid = trainer_of(self.server)
        if pid is None:
            return
        told_before = self._reason()
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, what)
            self.phase.troubled += 1
        if not told_before:
            self._watch()

    def _watch(self) -> None:
        """How long it takes until the status has a reason; when none comes, how long it was waited for."""
        began = time.monotonic()
        told, waited = False, 0.0
        while not told and waited < 60 and not self.stopped.wait(0.05):
            told, waited = self._reason(), time.monotonic() - began
        if told or waited > TOLD:
            self.phase.told.append(waited)

    def _reason(self) -> bool:
        return bool(self._client.project()["trainer"]["reason"])


def campaign(
    kinds: Sequence[str],
    *,
    posts: int,
    clients: int,
    seconds: float,
    rate: float = 200.0,
    apart: bool = True,
    tell: Callable[[str], object] = lambda _: None,
) -> tuple[list[Phase], list[str]]:
    """Load a server while its trainer is of each kind in turn; what came of each, and the faults of counting.

    Args:
        kinds: of trainers, out of `KINDS`.
        posts: of the closed loop, each time.
        clients: of the closed loop.
        seconds: of the open loop, each time.
        rate: posts a second of the open loop.
        apart: whether the clients are processes of their own.
        tell: told the lines of each phase when it is over.
    """
    run = _apart if apart else (lambda work, *arguments: work(*arguments))
    total = len(kinds) * (posts + int(rate * seconds) + 1_000)
    with tempfile.TemporaryDirectory() as folder:
        server = LabelServer(made(Path(folder) / "p", texts(total), validation=0.0, control=0.0), port=free_port())
        try:
            first = _first_model(server)
            watch = Watch(server)
            watch.start()
            phases = []
            for kind in kinds:
                phases.append(_phase(kind, server, watch, run, posts, clients, seconds, rate))
                tell("\n".join(phases[-1].lines()))
            watch.stopped = True
            labelled = server.client().project()["labelled"]
        finally:
            server.stop()
        watch.join(10)
    told = first + [item for phase in phases for item in phase.items]
    faults = [f"{n} were refused with the trainer {p.kind}" for p in phases if (n := p.refused)]
    faults += [f"{n} models were lost with the trainer {p.kind}" for p in phases if (n := p.lost_models)]
    if len(set(told)) != len(told) or labelled != len(told):
        faults.append(f"{len(told)} answers were taken, {len(told) - len(set(told))} doubled, {labelled} are labelled")
    if any(p.kind == "busy" and not p.fits for p in phases):
        faults.append("the trainer fitted nothing, so that this says nothing of one at work")
    return phases, faults


def _first_model(server: LabelServer) -> list[str]:
    """Answer a few and wait for the model: the trainer is at work then. The items answered."""
    client = server.client()
    done = []
    for one in client.next(8):
        client.label(one, truth(one))
        done.append(one["item"]["id"])
    _wait(client, lambda: (client.project()["model"] or {"labels": 0})["labels"], "came to no model")
    return done


def _well(server: LabelServer) -> None:
    """Let the trainer begin anew, whatever befell it in the phase before."""
    client = server.client(patience=5.0)
    if client.project()["trainer"]["reason"]:
        client.trainer("resume")
    _wait(client, lambda: not client.project()["trainer"]["reason"] and trainer_of(server), "did not come back")


def _wait(client: Client, true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 120
    while not true():
        if time.monotonic() > end:
            raise RuntimeError(f"the trainer {what}: {client.project()['trainer']}")
        time.sleep(0.05)


def _phase(
    kind: str, server: LabelServer, watch: Watch, run: Any, posts: int, clients: int, seconds: float, rate: float
) -> Phase:
    phase = Phase(kind)
    address = server.link.partition("/open")[0]
    _well(server)
    trouble = Trouble(server, phase)
    began, models, busy = time.monotonic(), watch.models, watch.busy
    trouble.start()
    phase.open_posts, phase.open_asks, first, bad = run(opened, address, server.session, rate, seconds, f"open {kind}")
    before = time.perf_counter()
    phase.posts, phase.asks, second, worse = run(closed, address, server.session, posts, clients, f"closed {kind}")
    phase.spent = time.perf_counter() - before
    while kind == "busy" and watch.models == models and time.monotonic() - began < _LATE:
        time.sleep(0.05)  # the answers were many, and the model of the first of them is still on its way
    phase.items, phase.refused, phase.load = [*first, *second], bad + worse, os.getloadavg()[0]
    phase.fits, phase.busy = watch.models - models, (watch.busy - busy) / (time.monotonic() - began)
    trouble.stopped.set()
    trouble.join(90)
    return phase


def _say(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=POSTS)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--trainer", nargs="+", choices=KINDS, default=list(KINDS))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and the server ends too
    shape = {"posts": options.posts, "clients": options.clients, "seconds": options.seconds}
    phases, faults = campaign(options.trainer, **shape, tell=_say)
    whole = (options.posts, options.clients) == (POSTS, CLIENTS)
    if not whole:
        _say(f"the closed loop is not judged: its bounds are for {POSTS:,} posts from {CLIENTS} clients")
    faults += [line for phase in phases for line in phase.slow(whole=whole)]
    for line in faults:
        _say(line)
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
