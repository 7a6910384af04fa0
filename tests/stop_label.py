"""Stop the labelling server with SIGTERM under load and count what is lost. A script: python tests/stop_label.py 100

Eight clients post as fast as they are answered, one listens to the events, one has sent half of a request, every second
time one imports 200,000 texts, and the trainer works. After SIGTERM every answer that was acknowledged must be in the
journal; none that is in the journal may have gone without its acknowledgement; no acknowledgement may be cut off; and the
process must end within 10 s (promise R15).
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import random
import socket
import sqlite3
import sys
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from label_server import LabelServer, free_port, made, texts
from querist.core.errors import QueristError

CLIENTS = 8
_IMPORTED = 200_000
LONGEST = 10.0


@dataclass
class Outcome:
    """What came of a campaign."""

    stops: int = 0
    acknowledged: int = 0
    cut: int = 0
    lost: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    codes: set[int] = field(default_factory=set)
    slowest: float = 0.0

    @property
    def good(self) -> bool:
        """Whether the promise was kept."""
        return not self.cut and not self.lost and not self.silent and self.codes <= {0} and self.slowest <= LONGEST


class Poster:
    """One client that tells apart how a post ended."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.acked: dict[str, str] = {}
        self.unanswered: set[str] = set()
        self.cut = 0

    def work(self, server: LabelServer, started: threading.Event) -> None:
        """Answer until the server is gone."""
        client = server.client(patience=0.0, timeout=15.0)
        client.tab = f"tab-{self.number}"
        line = http.client.HTTPConnection("127.0.0.1", int(client.address.rpartition(":")[2]), timeout=15.0)
        try:
            while held := client.next(5):
                for handed in held:
                    self._post(line, client._headers(), handed)
                    started.set()
        except (QueristError, OSError, http.client.HTTPException):
            return
        finally:
            line.close()
            client.close()

    def _post(self, line: http.client.HTTPConnection, headers: dict[str, str], handed: dict[str, Any]) -> None:
        item, value = handed["item"]["id"], random.choice(("cat", "dog"))
        body = {"key": str(uuid.uuid4()), "query": handed["query"], "fence": handed["fence"], "item": item}
        body |= {"kind": "label", "value": value, "seconds": 1.0, "shown": False}
        self.unanswered.add(item)
        line.request("POST", "/api/v1/answers", json.dumps(body), {**headers, "Content-Type": "application/json"})
        response = line.getresponse()
        try:
            said = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError):
            self.cut += 1
            raise
        self.unanswered.discard(item)
        if response.status == 200:
            assert (said["counted"], said["item"]) == (True, item), said
            self.acked[item] = value


def campaign(stops: int, seed: int = 0, *, trainer: bool = True) -> Outcome:
    """Stop a server ``stops`` times."""
    rng = random.Random(seed)
    outcome = Outcome()
    with tempfile.TemporaryDirectory() as folder:
        project = made(Path(folder) / "project", texts(1_000 + 1_500 * stops), lease=86_400.0, validation=0.0)
        file = Path(folder) / "more.csv"
        file.write_text("id,text\n" + "".join(f"more-{k},text {k}\n" for k in range(_IMPORTED)), encoding="utf-8")
        people = [Poster(k) for k in range(CLIENTS)]
        port, session = free_port(), None
        for number in range(stops):
            more = () if trainer else ("--no-trainer",)
            server = LabelServer(project, port=port, session=session, more=more)
            session = server.session
            _stop_once(server, people, rng.uniform(0.05, 1.0), outcome, file if number % 2 else None)
        outcome.acknowledged = sum(len(p.acked) for p in people)
        outcome.cut = sum(p.cut for p in people)
        kept = _labels(project)
        for person in people:
            outcome.lost += [
                f"{i}: {kept.get(i)}, and {v} was acknowledged" for i, v in person.acked.items() if kept.get(i) != v
            ]
            outcome.silent += [f"{i}: kept, and not acknowledged" for i in person.unanswered if i in kept]
    return outcome


def _stop_once(server: LabelServer, people: list[Poster], after: float, outcome: Outcome, file: Path | None) -> None:
    started = threading.Event()
    threads = [threading.Thread(target=p.work, args=(server, started)) for p in people]
    threads.append(threading.Thread(target=_listen, args=(server,)))
    if file is not None:
        threads.append(threading.Thread(target=_import, args=(server, file)))
    for thread in threads:
        thread.start()
    with socket.create_connection(("127.0.0.1", int(server.client().address.rpartition(":")[2]))) as half:
        half.sendall(b"POST /api/v1/answers HTTP/1.1\r\nHost: 127")
        started.wait(20)
        time.sleep(after)
        before = time.monotonic()
        outcome.codes.add(server.stop())
        outcome.slowest = max(outcome.slowest, time.monotonic() - before)
    outcome.stops += 1
    for thread in threads:
        thread.join(30)


def _import(server: LabelServer, file: Path) -> None:
    with contextlib.suppress(QueristError):  # it is stopped in the midst
        server.client(patience=0.0).import_file(file)


def _listen(server: LabelServer) -> None:
    with contextlib.suppress(QueristError, OSError, http.client.HTTPException):
        for _ in server.client(timeout=30.0).events():
            pass


def _labels(project: Path) -> dict[str, str]:
    """The label of each item in the journal, with nobody holding it."""
    with contextlib.closing(sqlite3.connect(project / "journal.db")) as connection:
        rows = connection.execute("SELECT id, value FROM item WHERE state = 'labelled'").fetchall()
    return {item: json.loads(value) for item, value in rows}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stops", type=int, nargs="?", default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    outcome = campaign(options.stops, options.seed)
    print(
        f"{outcome.stops} stops, {outcome.acknowledged} acknowledged: {len(outcome.lost)} lost, {outcome.cut} cut off, "
        f"{len(outcome.silent)} kept and not acknowledged; exit codes {sorted(outcome.codes)}, "
        f"slowest {outcome.slowest:.2f} s"
    )
    for line in (outcome.lost + outcome.silent)[:20]:
        print(line)
    sys.exit(not outcome.good)


if __name__ == "__main__":
    main()
