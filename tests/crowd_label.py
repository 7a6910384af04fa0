"""Fifty clients at one labelling server: python tests/crowd_label.py --minutes 20

Each takes one to five items and answers, skips or gives them back; it sends an answer again with the same key, takes one
back, changes an earlier one, or leaves an item until its lease has run out, and may answer it then all the same. One more
client imports items, so that they are scarce and never end. A server has one person, so this is one person with fifty tabs;
several people are in desk_run.py. At the end the journal is read (promise R9): at no moment an item is out twice, or has
two answers that count, unless one was replaced or taken back; and it holds each acknowledged answer as it was told.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from label_journal import Acked, events_of, unlike
from label_server import LabelServer, free_port, made
from querist.core.errors import StateError
from querist.core.types import Event
from querist.data.record import Record
from querist.server.client import Client

LEASE = 10.0
_SPED = """
import time
from querist.cli import main
from querist.server import desk
from querist.server.clock import SteadyClock
desk.SteadyClock = lambda: SteadyClock(steady=lambda: {speed} * time.monotonic())
main()
"""


@dataclass
class Outcome:
    """What came of a campaign."""

    done: Counter[str] = field(default_factory=Counter)
    acked: list[Acked] = field(default_factory=list)
    journal: Counter[str] = field(default_factory=Counter)
    expired: int = 0
    wrong: list[str] = field(default_factory=list)


class Tab(threading.Thread):
    """One open page in a hurry.

    Args:
        client: of the server.
        number: names the tab and seeds what it does.
        until: when it ends, by the monotonic clock.
        lease: seconds that a hand-out lasts.
    """

    def __init__(self, client: Client, number: int, until: float, lease: float) -> None:
        super().__init__(daemon=True)
        self.client, self.until, self.lease = client, until, lease
        client.tab = f"tab-{number}"
        self.rng = random.Random(number)
        self.done: Counter[str] = Counter()
        self.acked: list[Acked] = []
        self.left: deque[tuple[float, dict[str, Any]]] = deque()
        self.wrong: list[str] = []

    def run(self) -> None:
        """Label until the end."""
        try:
            with self.client:
                while time.monotonic() < self.until:
                    self._turn()
        except BaseException as error:
            self.wrong.append(f"{self.client.tab} ended early: {error!r}")

    def _turn(self) -> None:
        handed = self.client.next(self.rng.randint(1, 5), [one["query"] for _, one in self.left])
        if not handed:
            self.done["found none"] += 1
            time.sleep(0.05)
        for one in handed:
            self._decide(one)
        while self.left and time.monotonic() > self.left[0][0]:
            _, one = self.left.popleft()
            if self.rng.random() < 0.5:
                self.done["answered after the lease"] += 1
                self._answer(one)
        if self.rng.random() < 0.15:
            self._undo()
        if self.acked and self.rng.random() < 0.1:
            self.done["taken to change"] += 1
            self._decide(self.client.take(self.rng.choice(self.acked).item))

    def _decide(self, handed: dict[str, Any]) -> None:
        what = self.rng.random()
        if what < 0.05 and len(self.left) < 100:
            self.done["left"] += 1
            self.left.append((time.monotonic() + 1.2 * self.lease, handed))
        elif what < 0.15:
            self.done["given back"] += 1
            self.client.give_back([handed["query"]])
        else:
            self._answer(handed)

    def _undo(self) -> None:
        try:
            handed = self.client.undo()
        except StateError as error:
            if error.code != "NothingToUndo":
                raise
            return
        self.done["undone"] += 1
        self._decide(handed)

    def _answer(self, handed: dict[str, Any]) -> None:
        kind = self.rng.choices(["label", "skip", "reject"], [8, 2, 1])[0]
        value = self.rng.choice(["cat", "dog"]) if kind == "label" else None
        key = str(uuid.uuid4())
        receipt = self.client.answer(handed, kind, value, key=key)
        self.done[kind] += 1
        self.acked.append(Acked(key, handed["item"]["id"], kind, value, receipt))
        if self.rng.random() < 0.2:
            self.done["sent again"] += 1
            again = self.client.answer(handed, kind, value, key=key)
            if again != receipt:
                self.wrong.append(f"{key} was told {receipt} first and {again} then")


class Supply(threading.Thread):
    """Imports new items now and then.

    Args:
        client: of the server.
        folder: for the files.
        until: when it ends, by the monotonic clock.
        rows: a file.
        pause: seconds between two imports.
    """

    def __init__(self, client: Client, folder: Path, until: float, rows: int, pause: float) -> None:
        super().__init__(daemon=True)
        self.client, self.folder, self.until, self.rows, self.pause = client, folder, until, rows, pause
        self.files = 0
        self.wrong: list[str] = []

    def run(self) -> None:
        """Import until the end."""
        try:
            with self.client:
                while time.monotonic() + self.pause < self.until:
                    time.sleep(self.pause)
                    path = self.folder / f"more-{self.files}.csv"
                    rows = (f"m{self.files}-{k},text {k} of file {self.files}" for k in range(self.rows))
                    path.write_text("\n".join(["id,text", *rows]), encoding="utf-8")
                    took = self.client.import_file(path)
                    if took["items"] != self.rows:
                        self.wrong.append(f"an import of {self.rows} items took {took['items']}")
                    self.files += 1
        except BaseException as error:
            self.wrong.append(f"the import ended early: {error!r}")


def crossed(events: Iterable[Event]) -> list[str]:
    """Moments at which an item is out twice, or has two answers that count and neither is replaced or undone."""
    state: dict[str, str] = {}
    replaced: dict[str, str | None] = {}
    here: dict[str, set[str]] = {}
    out: list[str] = []
    fits: str | None
    for event in events:
        if event.kind not in ("asked", "told", "returned", "undone") or not event.payload.get("query"):
            continue
        query = str(event.payload["query"])
        before = state.get(query)
        if event.kind == "asked":
            (item,) = event.payload["items"]
            replaced[query] = event.payload.get("replaces")
            here.setdefault(item, set()).add(query)
            now, fits = "open", None
            _move(state, replaced[query], "answered", "replaced", event, out)
        elif event.kind == "told":
            item = event.payload["answers"][0]["item"]
            now, fits = "answered", "open"
        else:
            (item,) = event.payload["items"]
            now, fits = event.kind, "open" if event.kind == "returned" else "answered"
            _move(state, replaced.get(query), "replaced", "answered", event, out)
        if before != fits or query not in here.get(item, ()):
            out.append(f"event {event.seq}: hand-out {query} of {item} is {event.kind} and was {before}")
        state[query] = now
        live = {q: state[q] for q in here.get(item, ()) if state[q] in ("open", "answered")}
        if len(live) > 1:
            out.append(f"event {event.seq}: {item} has {live} at once")
        here[item] = set(live) | {q for q in here.get(item, ()) if state[q] == "replaced"}
    return out


def _move(state: dict[str, str], query: str | None, expected: str, to: str, event: Event, out: list[str]) -> None:
    """The answer that is asked for again stands back, or is the one that counts once more."""
    if query is None:
        return
    if state.get(query) != expected:
        out.append(f"event {event.seq}: {query} should become {to}, and is {state.get(query)}")
    state[query] = to


def campaign(
    seconds: float,
    *,
    clients: int = 50,
    items: int = 5_000,
    rows: int = 2_000,
    pause: float = 10.0,
    speed: float = 1.0,
    more: Sequence[str] = (),
) -> Outcome:
    """A crowd for so long, and what the journal says of it.

    Args:
        seconds: how long.
        clients: of those that label.
        items: to begin with.
        rows: items of an import.
        pause: seconds between imports.
        speed: of the server's clock of leases, so that a short run sees the end of some.
        more: further arguments of the server.
    """
    outcome = Outcome()
    with tempfile.TemporaryDirectory() as folder:
        records = (Record(id=f"i{k}", text=f"text {k}") for k in range(items))
        project = made(Path(folder) / "p", records, lease=LEASE)
        run = ("-m", "querist") if speed == 1.0 else ("-c", _SPED.format(speed=speed))
        server = LabelServer(project, port=free_port(), more=more, run=run)
        try:
            until = time.monotonic() + seconds
            tabs = [Tab(server.client(patience=60.0), k, until, LEASE / speed) for k in range(clients)]
            supply = Supply(server.client(timeout=600.0), Path(folder), until, rows, pause)
            for thread in (*tabs, supply):
                thread.start()
            for thread in (*tabs, supply):
                thread.join()
            server.stop()
        finally:
            if server.process.poll() is None:
                server.kill()
        events = events_of(project)
    outcome.acked = [one for tab in tabs for one in tab.acked]
    outcome.done = sum((tab.done for tab in tabs), Counter({"imports": supply.files}))
    outcome.journal = Counter(event.kind for event in events)
    outcome.expired = sum(event.kind == "returned" and event.payload["why"] == "expired" for event in events)
    outcome.wrong = [line for tab in tabs for line in tab.wrong] + supply.wrong
    outcome.wrong += crossed(events) + unlike(events, outcome.acked)
    if outcome.journal["undone"] != outcome.done["undone"]:
        outcome.wrong.append(
            f"{outcome.journal['undone']} were taken back, and {outcome.done['undone']} acknowledged so"
        )
    return outcome


def main() -> int:
    """The campaign, and what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--clients", type=int, default=50)
    options = parser.parse_args()
    outcome = campaign(60 * options.minutes, clients=options.clients)
    print("clients: " + ", ".join(f"{what} {n:,}" for what, n in sorted(outcome.done.items())))
    print("journal: " + ", ".join(f"{kind} {n:,}" for kind, n in sorted(outcome.journal.items())))
    late = sum(not one.counted for one in outcome.acked)
    print(
        f"{len(outcome.acked):,} answers acknowledged, {late:,} of them too late to count; {outcome.expired:,} leases ran "
        f"out; {len(outcome.wrong)} violations"
    )
    print("\n".join(outcome.wrong[:20]), end="\n" if outcome.wrong else "")
    return 1 if outcome.wrong or not (outcome.acked and outcome.expired and outcome.journal["imported"]) else 0


if __name__ == "__main__":
    sys.exit(main())
